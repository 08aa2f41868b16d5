import { type Failure, ok, type Result } from '@ath-protocol/types'
import { type Unsealed, unseal } from './encrypted.ts'
import type { ProxyPorts, Received } from './exchange.ts'
import type { LiveToken } from './live-token.ts'

type Proven = Result<{ unsealed: Unsealed | undefined }, Failure>

const bearer: Proven = ok({ unsealed: undefined })

/**
 * What the caller proved to hold. Access tokens are bearer tokens (R87): holding the token is all that is asked, unless
 * its session agreed to encryption, where only who has the session's keys can ask anything (U10).
 */
export function prove(
  _: ProxyPorts,
  { call, token }: Received & { readonly token: LiveToken },
): Proven | Promise<Proven> {
  return token.session && call.encryption !== 'opened' ? unseal(token.session, call) : bearer
}
