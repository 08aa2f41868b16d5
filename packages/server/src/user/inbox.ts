import { didOfKey, type Failure, ok, qualifiedScope, type Result } from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import { missingStrength } from '../consent/decide-consent.ts'
import { requestReference, usualRisk } from '../consent/consent-request.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { Registration } from '../ports/registry.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { type ProvenUser, proveUser } from './prove-user.ts'

interface Proven {
  readonly user: ProvenUser
}
interface Read {
  readonly questions: readonly object[]
}
type Told = Received & Proven & Read

/**
 * `GET /ath/inbox` (extension): the questions that wait for this person, for a program of theirs that holds a registered
 * key. `message` is step 6 as the answer must sign it (U7).
 */
export const inboxEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>().stage('prove', proveCaller).stage('read', readQuestions),
  answer: ({ nineStep }, { user, questions }) =>
    jsonAnswer(200, {
      user_id: user.userId,
      user_did: didOfKey(user.key),
      server_did: nineStep?.serverDid,
      requests: questions,
    }),
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', { user_id: gathered.user?.userId }),
}

/** The stage with which every endpoint for a person's programs begins. */
export async function proveCaller(
  ports: AthPorts,
  { call }: Received,
): Promise<Result<Proven, Failure>> {
  const user = await proveUser(ports, call)
  return user.ok ? ok({ user: user.value }) : user
}

async function readQuestions(ports: AthPorts, { user }: Proven): Promise<Result<Read, Failure>> {
  const pending = await ports.consents.list({
    userId: user.userId,
    pendingAt: ports.clock.now(),
  })
  const questions = await Promise.all(
    pending.map(async (consent) => {
      const agent = await ports.registry.findByClientId(consent.clientId)
      return agent ? [questionView(ports.config, consent, agent)] : []
    }),
  )
  return ok({ questions: questions.flat() })
}

/** One question as programs read it. `needs`: what an answer signed with a key alone would lack. */
export function questionView(
  config: AthConfig,
  consent: ConsentRequest,
  agent: Registration,
): object {
  return {
    id: consent.id,
    reference: requestReference(consent.id),
    message: consent.message,
    page: `${config.baseUrl}/ath/confirm/${consent.id}`,
    agent: {
      name: agent.name,
      developer: agent.developer.name,
      agent_id: agent.agentId,
      did: consent.clientDid,
    },
    words: consent.words,
    scopes: consent.offered.map((scope) => scopeView(config, scope)),
    // Asked for, but the service or the credential does not allow it: nobody can approve it here.
    unavailable: consent.requested
      .filter((scope) => !consent.offered.some((one) => isSame(one, scope)))
      .map(qualifiedScope),
    risk: consent.risk,
    needs: missingStrength(config, consent, 'key'),
    restrictions: consent.restrictions,
    longest_seconds: consent.longestSeconds,
    created_at: Math.floor(consent.createdAt),
    expires_at: Math.floor(consent.expiresAt),
  }
}

type Scope = ConsentRequest['offered'][number]

const isSame = (one: Scope, other: Scope) => qualifiedScope(one) === qualifiedScope(other)

function scopeView(config: AthConfig, scope: Scope): object {
  const provider = config.providers.get(scope.providerId)
  const known = provider?.scopes.find(({ name }) => name === scope.name)
  return {
    scope: qualifiedScope(scope),
    provider: provider?.displayName ?? scope.providerId,
    description: known?.description,
    risk: known?.risk ?? usualRisk,
  }
}
