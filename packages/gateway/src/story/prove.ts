import { type Failure, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts } from './exchange.ts'

/** What the caller proved to hold. ATH 0.1 issues bearer tokens (R87): holding the token is all that is asked. */
export type Proof = 'bearer'

const bearer = ok({ proof: 'bearer' as Proof })

export function prove(_: ProxyPorts, __: object): Result<{ proof: Proof }, Failure> {
  return bearer
}
