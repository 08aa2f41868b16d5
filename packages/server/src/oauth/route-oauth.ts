import { fail, type ProviderId } from '@ath-protocol/types'
import type { OAuthBridge } from '../ports/oauth.ts'

/** One bridge for all providers: the mocks where the caller put one, the real one for the rest. */
export function routeOAuth(bridges: {
  readonly real?: OAuthBridge
  readonly mocks: ReadonlyMap<ProviderId, OAuthBridge>
}): OAuthBridge {
  const pick = (id: ProviderId) => bridges.mocks.get(id) ?? bridges.real ?? nobody
  return {
    authorizationUrl: (id, request) => pick(id).authorizationUrl(id, request),
    complete: (id, query, expected) => pick(id).complete(id, query, expected),
    refresh: (id, tokens) => pick(id).refresh(id, tokens),
    revoke: (id, tokens) => pick(id).revoke(id, tokens),
  }
}

const unknown = async (got: ProviderId) => fail({ reason: 'provider_unknown', got } as const)
const nobody: OAuthBridge = {
  authorizationUrl: unknown,
  complete: unknown,
  refresh: unknown,
  revoke: unknown,
}
