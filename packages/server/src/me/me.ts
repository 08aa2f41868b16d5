import { type AthPorts } from '../endpoint/ports.ts'
import { endSessionsOfKey } from '../user/key-removed.ts'
import { type AthAnswer, type AthCall } from '../wire/http.ts'
import type { Login } from '../login/login.ts'
import { answerRoutes, type Routes } from '../pages/answer-routes.ts'
import { answerPasskeyScript, passkeyScriptPath } from '../passkeys/script.ts'
import { createChallenges } from '../passkeys/challenges.ts'
import type { RelyingParty } from '../passkeys/relying-party.ts'
import type { PasskeyStore } from '../ports/passkeys.ts'
import { aheadRoutes } from './ahead-page.ts'
import { answersRoutes } from './answers-page.ts'
import { keysRoutes } from './keys-page.ts'
import { type MyPermissions, myAgentsRoutes } from './my-agents.ts'
import { createOwnPages, type Tab } from './own-pages.ts'
import { passkeysRoutes } from './passkeys-page.ts'
import { waitingQuestions } from './waiting.ts'

export interface MeOptions {
  readonly login: Pick<Login, 'people' | 'render'>
  readonly ports: AthPorts
  readonly permissions: MyPermissions
  readonly passkeys: { readonly store: PasskeyStore; readonly party: RelyingParty }
}

/** Everything that a person sees and changes of their own: `/me` and below, and the script that these pages load. */
export function createMe({ login, ports, permissions, passkeys }: MeOptions): {
  /** Undefined for every other address. */
  answer(call: AthCall): Promise<AthAnswer> | undefined
} {
  const { clock, random, audit, nineStep } = ports
  const ahead: readonly Tab[] = nineStep
    ? [
        { path: '/me/ahead', title: 'ahead.title' },
        { path: '/me/keys', title: 'keys.title' },
      ]
    : []
  const pages = createOwnPages({
    ...login,
    tabs: [
      { path: '/me', title: 'me.title' },
      { path: '/me/answers', title: 'answers.title' },
      ...ahead,
      { path: '/me/passkeys', title: 'passkeys.title' },
    ],
  })
  const challenges = createChallenges({ clock, random })
  const routes: Routes = {
    ...myAgentsRoutes(pages, {
      permissions,
      clock,
      waiting: (visit) => waitingQuestions(ports, visit),
    }),
    ...answersRoutes(pages, ports),
    ...passkeysRoutes(pages, { ...passkeys, clock, audit, challenges }),
    ...(nineStep
      ? {
          ...keysRoutes(pages, {
            userKeys: nineStep.userKeys,
            clock,
            audit,
            endSessions: (userId, thumbprint) => endSessionsOfKey(ports, userId, thumbprint),
          }),
          ...aheadRoutes(pages, ports),
        }
      : {}),
    [passkeyScriptPath]: { GET: answerPasskeyScript },
  }
  return { answer: answerRoutes(routes) }
}
