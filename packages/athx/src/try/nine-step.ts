import { AthError, createAgentKey, qualifiedScope } from '@ath-protocol/client'
import { type HandshakeEvent, handshake, readHandshakeKey } from '@ath-protocol/client/nine-step'
import { createUserClient, type UserClient } from '@ath-protocol/client/person'
import { keyPageIn } from '../person.ts'
import { createDevPerson } from './dev-person.ts'
import { enter } from './enter.ts'
import type { Steps } from './steps.ts'
import type { TestAgent } from './test-agent.ts'
import type { Trial } from './trial.ts'
import { TryFault } from './try-fault.ts'
import type { Access } from './use-access.ts'

const hour = 3600

/** Drives the nine-step handshake: a person’s key and permission ahead, hello, proofs, the question, the session. */
export async function shakeNineStep(trial: Trial, steps: Steps, agent: TestAgent): Promise<Access> {
  const { service, log, signal } = trial
  const { found, wanted } = await enter(trial, steps, agent)
  const { server_did: serverDid, app_id } = found
  const browser = createDevPerson(log.fetch, signal)
  const person = await steps.must('person', async () => {
    if (typeof serverDid !== 'string') throw new AthError('HANDSHAKE_UNSUPPORTED')
    const { privateKeyPem } = await createAgentKey()
    const value = await createUserClient({
      gateway: service,
      key: privateKeyPem,
      fetch: log.fetch,
      signal,
    })
    const said = await browser.agree(keyPageIn({ native: true }, value.registrationUrl('athx try')))
    return { value, learnt: `a made-up person signed in and added a key: ${said}` }
  })
  const made = await createAgentKey()
  const { did } = await readHandshakeKey(made.privateKeyPem)
  const credential = await steps.must('credential', async () => {
    const { credential } = await person.sign({
      agentDid: did,
      agentThumbprint: made.keyId,
      serverDid: String(serverDid),
      scopes: wanted.map((name) => qualifiedScope({ providerId: app_id, name })),
      lifetimeSeconds: hour,
      oneTime: true,
    })
    const kept = await person.lodge(credential)
    return { value: credential, learnt: `the person allows ahead ${kept.scopes.join(' ')}` }
  })
  const session = await steps.must('session', async () => {
    let answered = false
    const value = await handshake({
      service,
      key: made.privateKeyPem,
      scopes: wanted,
      ttl: hour,
      context: 'a test by `athx try`',
      credential,
      attestation: { agentId: agent.id, key: agent.key },
      fetch: log.fetch,
      signal,
      // Nobody has to make up their mind here.
      consentTimeoutSeconds: 60,
      onProgress: (event) => tell(steps, event),
      onPending: async ({ requestId }) => {
        if (answered) return
        answered = true
        await steps.note('5 asked', `the person is asked: ${requestId}`)
        const said = await browser.agree(await questionPage(service, person))
        await steps.note('6-7 answered', `the person said yes: ${said}`)
      },
    })
    return { value, learnt: `${value.sessionId} for ${value.scopes.join(' ')}` }
  })
  return {
    fetch: session.fetch,
    accessToken: () => session.accessToken,
    scopes: session.scopes.map((scope) => scope.replace(`${app_id}:`, '')),
    agentId: session.agentId,
    found,
    renews: true,
    renew: () => session.refresh(signal),
    end: () => session.end(signal),
  }
}

async function questionPage(service: string, person: UserClient): Promise<string> {
  const [question] = (await person.inbox()).requests
  if (question) return `${service}/ath/confirm/${encodeURIComponent(question.id)}`
  throw new TryFault('the question is not in the person’s inbox', 'look at the app’s log')
}

async function tell(steps: Steps, event: HandshakeEvent): Promise<void> {
  switch (event.step) {
    case 'greeted':
      return steps.note('1-2 hello', `the server is ${event.serverDid}`)
    case 'identified':
      return steps.note(
        '3-4 identified',
        `as ${event.did}; on offer ${event.scopesSupported.join(' ')}`,
      )
    case 'granted': {
      const { scopes_granted, scopes_denied = [] } = event.result
      const denied = scopes_denied.map(({ scope, reason }) => `${scope} (${reason})`)
      const told = denied.length > 0 ? `; denied ${denied.join(' ')}` : ''
      return steps.note('8 granted', `${scopes_granted.join(' ')}${told}`)
    }
    default:
      return undefined
  }
}
