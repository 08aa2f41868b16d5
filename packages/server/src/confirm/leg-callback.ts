import { consentedScopes, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { isBoundBrowser } from '../authorize/binding.ts'
import { refuseToBrowser } from '../authorize/browser.ts'
import { ownScopes, upstreamScopeNames } from '../authorize/upstream-scope.ts'
import type { ProviderDefinition } from '../config.ts'
import { checkApproved } from '../endpoint/approved.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { endUpstream } from '../grant/end-grant.ts'
import { dropGrant, finishGranting } from '../settle/settle.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { Grant } from '../ports/grants.ts'
import type { NineStepHandshake, NineStepPorts, UpstreamLeg } from '../ports/nine-step.ts'
import type { Completed, DeniedUpstream } from '../ports/oauth.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { redirectAnswer } from '../wire/answer.ts'
import type { AthAnswer } from '../wire/http.ts'
import { confirmPath } from './answer.ts'
import { knownOf } from './find-confirmation.ts'
import { legState, nextLeg } from './upstream-leg.ts'

interface Found {
  readonly leg: UpstreamLeg
  readonly consent: ConsentRequest
  readonly handshake: NineStepHandshake
  readonly grant: Grant
  readonly agent: Registration
  readonly provider: ProviderDefinition
  readonly nineStep: NineStepPorts
}
interface Exchanged {
  readonly upstream: Completed | DeniedUpstream
}
interface Settled {
  /** What the grant holds now; empty when the provider was told no. */
  readonly scopes: readonly string[]
}
interface Answered {
  readonly page: AthAnswer
}
type Told = Received & Found & Exchanged & Settled & Answered

/** `GET /ath/callback` of a provider that asked the person on its own page, after they said yes to us. */
export const legCallbackEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('identify', identify)
    .stage('bind', bind)
    .stage('forward', exchange)
    .stage('mint', settle)
    .stage('consent', goOn),
  answer: (_ports, { page }) => page,
  record: recordLeg,
  refuse: refuseToBrowser,
}

/** Taking the state ends it: of two callbacks one goes on (R57). A leg that failed can be gone anew from the page. */
async function identify(ports: AthPorts, { call }: Received): Promise<Result<Found, Failure>> {
  const { nineStep } = ports
  const state = call.query.getAll('state')
  if (!nineStep || state.length !== 1 || !state[0]) return fail({ reason: 'state_unknown' })
  const leg = await nineStep.legs.take(hashSecret(state[0]))
  const consent = leg && (await ports.consents.find(leg.consentId))
  const handshake = consent && (await nineStep.handshakes.find(consent.handshake.id))
  if (!leg || !consent || !handshake) return fail({ reason: 'state_unknown' })
  const now = ports.clock.now()
  if (now >= leg.expiresAt || now >= handshake.expiresAt)
    return fail({ reason: 'handshake_message', fault: { kind: 'expired' } })
  const grant = await ports.grants.find(leg.grantId)
  const agent = await ports.registry.findByClientId(consent.clientId)
  const provider = ports.config.providers.get(leg.providerId)
  if (!agent) return fail({ reason: 'client_unknown' })
  if (!provider) return fail({ reason: 'provider_unknown', got: leg.providerId })
  const isLive = grant?.revokedAt === undefined && handshake.state === 'allowed'
  if (!grant || !isLive || (await ports.providerTokens.find(grant.id)))
    return fail({ reason: 'handshake_spent' })
  return ok({ leg, consent, handshake, grant, agent, provider, nineStep })
}

function bind(_ports: AthPorts, { call, leg }: Received & Found): Result<object, Failure> {
  return isBoundBrowser(call, leg) ? ok({}) : fail({ reason: 'browser_not_bound' })
}

async function exchange(
  ports: AthPorts,
  { call, leg, agent, provider }: Received & Found,
): Promise<Result<Exchanged, Failure>> {
  const approved = checkApproved(agent, ports.clock.now())
  if (!approved.ok) return approved
  const completed = await ports.oauth.complete(provider.id, call.query, {
    state: legState(leg.codeVerifier),
    nonce: leg.nonce,
    codeVerifier: leg.codeVerifier,
    scopes: upstreamScopeNames(provider, leg.scopes),
  })
  return completed.ok ? ok({ upstream: completed.value }) : completed
}

/**
 * Narrows the grant before its tokens are there: a crash in between leaves less, never more, than the provider allowed.
 * A no, and a yes to nothing, drop this grant and leave the others.
 */
async function settle(
  ports: AthPorts,
  { leg, handshake, grant, provider, upstream }: Found & Exchanged,
): Promise<Result<Settled, Failure>> {
  const allowed =
    'denied' in upstream
      ? []
      : consentedScopes(upstream.answeredScope, upstreamScopeNames(provider, leg.scopes))
  const scopes = ownScopes(provider, grant.scopes, allowed)
  if (!('denied' in upstream)) {
    const narrowed =
      scopes.length === grant.scopes.length || (await ports.grants.narrow(grant.id, scopes))
    await ports.providerTokens.save(grant.id, upstream.tokens)
    if (!narrowed) {
      // Somebody ended the grant while the provider was asked: its tokens go back.
      await endUpstream(ports, grant)
      return fail({ reason: 'handshake_spent' })
    }
  }
  const settled =
    scopes.length === 0
      ? await dropGrant(ports, handshake, { grantId: grant.id, providerId: grant.providerId })
      : await finishGranting(ports, handshake)
  return settled.ok ? ok({ scopes }) : settled
}

/** To the next provider, or back to the page, which says how it ended. */
async function goOn(
  ports: AthPorts,
  { call, nineStep, consent }: Received & Found,
): Promise<Result<Answered, Failure>> {
  const leg = await nextLeg(ports, nineStep, call, consent)
  if (!leg.ok) return leg
  return ok({ page: leg.value ?? redirectAnswer(call, confirmPath(consent.id)) })
}

function recordLeg({ reached, gathered, result }: Outcome<Told>) {
  const { grant, leg } = gathered
  const known = {
    ...knownOf(gathered),
    user_id: grant?.userId,
    provider_id: leg?.providerId,
    grant_id: leg?.grantId,
    requested_scopes: leg?.scopes,
    decided_by: 'user',
  }
  if (!result.ok) return refusalEvent(reached, result.error, 'access_denied', known)
  const { scopes, leg: gone } = result.value
  const denied = gone.scopes.filter((scope) => !scopes.includes(scope))
  return scopes.length > 0
    ? ({
        ...known,
        event: 'consent_given',
        outcome: 'allowed',
        reached,
        effective_scopes: scopes,
        denied_scopes: denied,
      } as const)
    : ({
        ...known,
        event: 'consent_denied',
        outcome: 'denied',
        reached,
        denied_scopes: denied,
        denial_reason: 'user_denied',
      } as const)
}
