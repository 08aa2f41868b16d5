import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { bindBrowser } from '../authorize/binding.ts'
import { upstreamScopeNames } from '../authorize/upstream-scope.ts'
import { upstreamState } from '../authorize/upstream-url.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { pendingLegs } from '../settle/settle.ts'
import { settledHandshake } from '../settle/settled-handshake.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { NineStepHandshake, NineStepPorts, SessionGrant } from '../ports/nine-step.ts'
import { hashSecret } from '../secret/hash.ts'
import { redirectAnswer } from '../wire/answer.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'

const legPrefix = 'leg_'

/** The `state` of a leg, told from a two-phase handshake's by how it begins: both come back to one address. */
export const legState = (codeVerifier: string): string => legPrefix + upstreamState(codeVerifier)

export const isLegCallback = ({ query }: Pick<AthCall, 'query'>): boolean =>
  query.get('state')?.startsWith(legPrefix) === true

/**
 * Sends the browser to the next provider that asks for itself, bound to this browser (R64). Undefined when there is
 * none, or no time left.
 */
export async function nextLeg(
  ports: AthPorts,
  nineStep: NineStepPorts,
  call: AthCall,
  consent: ConsentRequest,
): Promise<Result<AthAnswer | undefined, Failure>> {
  const handshake = await settledHandshake(ports, nineStep, consent)
  if (handshake?.state !== 'allowed' || ports.clock.now() >= handshake.expiresAt)
    return ok(undefined)
  const [next] = await pendingLegs(ports, handshake)
  return next ? startLeg(ports, nineStep, call, { consent, handshake, next }) : ok(undefined)
}

async function startLeg(
  ports: AthPorts,
  nineStep: NineStepPorts,
  call: AthCall,
  leg: {
    readonly consent: ConsentRequest
    readonly handshake: NineStepHandshake
    readonly next: SessionGrant
  },
): Promise<Result<AthAnswer, Failure>> {
  const { grantId, providerId } = leg.next
  const provider = ports.config.providers.get(providerId)
  const grant = await ports.grants.find(grantId)
  if (!provider || !grant) return fail({ reason: 'provider_unknown', got: providerId })
  const codeVerifier = ports.random.token(32)
  const nonce = ports.random.token(16)
  const state = legState(codeVerifier)
  const url = await ports.oauth.authorizationUrl(providerId, {
    state,
    nonce,
    codeVerifier,
    scopes: upstreamScopeNames(provider, grant.scopes),
  })
  if (!url.ok) return url
  const { hash, cookie } = bindBrowser(call, ports.random)
  await nineStep.legs.insert({
    stateHash: hashSecret(state),
    consentId: leg.consent.id,
    grantId,
    providerId,
    codeVerifier,
    nonce,
    scopes: grant.scopes,
    bindingHash: hash,
    expiresAt: leg.handshake.expiresAt,
  })
  // After a form was posted by a page: see `ConsentDesk.handOver`.
  const page =
    call.method === 'POST' && ports.desk
      ? ports.desk.handOver(call, url.value.href)
      : redirectAnswer(call, url.value.href)
  return ok({ ...page, headers: { ...page.headers, 'set-cookie': [cookie] } })
}
