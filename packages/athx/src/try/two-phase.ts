import { type AthSession, openBrowser } from '@ath-protocol/client'
import { createDevPerson } from './dev-person.ts'
import { enter } from './enter.ts'
import type { Steps } from './steps.ts'
import type { TestAgent } from './test-agent.ts'
import type { Trial } from './trial.ts'
import { TryFault } from './try-fault.ts'
import type { Access } from './use-access.ts'

/** Drives the two-phase handshake: register, authorize, the person, token. */
export async function shakeTwoPhase(trial: Trial, steps: Steps, agent: TestAgent): Promise<Access> {
  const { log, signal } = trial
  const { client, found, wanted } = await enter(trial, steps, agent)
  const asked = await steps.must('authorize', async () => {
    const value = await client.authorize({ scopes: wanted, signal })
    return { value, learnt: `the person answers at ${pageOf(value.authorizationUrl)}` }
  })
  if (trial.consent === 'auto')
    await steps.must('consent', async () => {
      const said = await createDevPerson(log.fetch, signal).agree(asked.authorizationUrl)
      return { value: undefined, learnt: `said yes for a made-up person: ${said || 'done'}` }
    })
  const session = await steps.must('token', async () => {
    if (trial.consent !== 'auto') {
      trial.sayQuestion(asked)
      if (trial.consent === 'open') await openBrowser(asked.authorizationUrl)
    }
    const value = await client.waitForConsent(asked, {
      signal,
      pollSeconds: trial.consent === 'auto' ? 0.2 : 1,
      timeoutSeconds: trial.waitSeconds,
      onPending: ({ elapsedSeconds }) => trial.sayWaiting(elapsedSeconds),
    })
    return { value, learnt: threeSets(value, wanted) }
  })
  return {
    fetch: session.fetch,
    accessToken: () => session.accessToken,
    scopes: session.scopes,
    agentId: agent.id,
    found,
    renews: found['token_renewal_endpoint'] !== undefined,
    renew: () => session.renew(signal),
    end: () => session.revoke(signal),
  }
}

const pageOf = (address: string) => new URL(address).origin + new URL(address).pathname

/** What the service approved, what the person allowed, and what both make: nobody may have more. */
function threeSets({ grant }: AthSession, wanted: readonly string[]): string {
  const { agent_approved, user_consented, effective } = grant?.scope_intersection ?? {
    agent_approved: [],
    user_consented: [],
    effective: [],
  }
  const both = agent_approved.filter((scope) => user_consented.includes(scope))
  const tooMuch = effective.filter((scope) => !both.includes(scope) || !wanted.includes(scope))
  if (tooMuch.length > 0)
    throw new TryFault(
      `the token opens ${tooMuch.join(' ')}, which service, person and request do not all allow`,
      'do not put this into production: report it',
    )
  const list = (scopes: readonly string[]) => scopes.join(' ') || '(none)'
  return `service ${list(agent_approved)} ∩ person ${list(user_consented)} = ${list(effective)}`
}
