import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProviderDefinition } from '../config.ts'
import { checkApproved } from '../endpoint/approved.ts'
import { answerFailure, type Received } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Notice } from '../ports/consent-desk.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { Handshake } from '../ports/handshakes.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret } from '../secret/hash.ts'
import type { Outcome } from '../story/stage.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'

/** What an endpoint that browsers visit knows once it found the handshake. */
export interface Found {
  readonly handshake: Handshake
  readonly agent: Registration
  readonly provider: ProviderDefinition
}

/** Who asks and for what, or why the handshake can't go on. Whether the service still approves is for the caller to ask. */
export async function findParties(
  ports: AthPorts,
  handshake: Handshake | undefined,
): Promise<Result<Found, Failure>> {
  if (!handshake) return fail({ reason: 'handshake_unknown' })
  if (ports.clock.now() >= handshake.expiresAt) return fail({ reason: 'handshake_expired' })
  const agent = await ports.registry.findByClientId(handshake.clientId)
  const provider = ports.config.providers.get(handshake.providerId)
  if (!agent) return fail({ reason: 'client_unknown' })
  if (!provider) return fail({ reason: 'provider_unknown', got: handshake.providerId })
  return ok({ handshake, agent, provider })
}

/** A handshake whose question our own page asks; without `consent` the upstream alone asks. */
export interface FoundQuestion extends Found {
  readonly consent: ConsentRequest | undefined
}

/** What a page asks about. The service's door may have closed since: then nobody is asked for anything. */
export async function findQuestion(
  ports: AthPorts,
  { opaque }: { readonly opaque: string },
): Promise<Result<FoundQuestion, Failure>> {
  const found = await findParties(ports, await ports.handshakes.findByOpaque(hashSecret(opaque)))
  if (!found.ok) return found
  const approved = checkApproved(found.value.agent, ports.clock.now())
  if (!approved.ok) return approved
  const consent = asksHere(ports, found.value.provider)
    ? await ports.consents.findByHandshake(found.value.handshake.id)
    : undefined
  return ok({ ...found.value, consent })
}

/** Whether our own page asks the person; else only the upstream's does. */
export function asksHere(
  ports: Pick<AthPorts, 'desk'>,
  provider: Pick<ProviderDefinition, 'authMode' | 'consentPage'>,
): boolean {
  return provider.authMode !== 'oauth2' || (ports.desk !== undefined && provider.consentPage)
}

/** A refusal as a page where a person looks, as JSON where a program does. */
export function refuseToBrowser(
  ports: AthPorts,
  outcome: Outcome<Received & Pick<Found, 'agent'>>,
  failure: Failure,
  recordId: string,
): AthAnswer {
  const { call, agent } = outcome.gathered
  const rendered = answerFailure(failure, recordId)
  if (!ports.desk || !call || !wantsPage(call)) return rendered
  const page = ports.desk.notice(call, {
    kind: noticeKind(failure),
    status: rendered.status,
    ...(agent ? { agentName: agent.name } : {}),
  })
  const retryAfter = rendered.headers['retry-after']
  return retryAfter === undefined
    ? page
    : { ...page, headers: { ...page.headers, 'retry-after': retryAfter } }
}

export function wantsPage(call: AthCall): boolean {
  return (call.headers['accept'] ?? '').includes('text/html')
}

function noticeKind(failure: Failure): Notice['kind'] {
  switch (failure.reason) {
    case 'handshake_expired':
      return 'expired'
    case 'handshake_message':
      return failure.fault.kind === 'expired' ? 'expired' : 'unknown'
    case 'browser_not_bound':
      return 'wrong_browser'
    case 'consent_of_other_user':
      return 'other_user'
    case 'user_denied':
      return 'denied'
    case 'upstream_oauth':
      return 'upstream_failed'
    case 'rate_limited':
    case 'dependency_down':
    case 'draining':
    case 'bug':
      return 'not_now'
    default:
      return 'unknown'
  }
}
