import { createUserClient, type UserClient } from '@ath-protocol/client/person'
import { stepTimeout } from './handshake-agent.ts'
import type { RunContext } from './run-context.ts'
import { findPlace, type Place } from './place.ts'
import { findSettingValue } from './setting-source.ts'
import { defaultUserKeyPath } from './state/home.ts'
import { isOpenToOthers, readIfThere } from './state/private-file.ts'
import { UsageError } from './usage-error.ts'

export function userKeyPath(context: RunContext): string {
  return findSettingValue(context, 'user-key') ?? defaultUserKeyPath(context.home)
}

/** People’s own pages hang below `/ath` in an app, which has pages of its own, and at the root of a gateway. */
export function keyPageIn({ native }: Pick<Place, 'native'>, address: string): string {
  return native ? address.replace('/me/keys?', '/ath/me/keys?') : address
}

/** The person of this run, by their own key: never the agent's, or an agent could answer for them. */
export async function openPerson(context: RunContext): Promise<UserClient> {
  const path = userKeyPath(context)
  const key = await readIfThere(path)
  if (key === undefined)
    throw new UsageError(
      `there is no key of yours at ${path}`,
      'make one: athx grant key new   (then register it: athx grant key register)',
    )
  // Whoever reads it can say yes in this person's name.
  if (await isOpenToOthers(path))
    throw new UsageError(`others can read ${path}`, `chmod 600 '${path}'`)
  return createUserClient({
    gateway: findPlace(context).base,
    key,
    timeoutSeconds: stepTimeout(context),
    signal: context.io.interrupted,
  })
}
