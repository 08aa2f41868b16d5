import { readBearer } from '../proxy/bearer.ts'
import { type Failure, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts, Received } from './exchange.ts'
import type { LiveToken } from './live-token.ts'

/** Who is calling: the token that the call bears (R91, U9). */
export function identify(
  { live }: ProxyPorts,
  { call }: Received,
): Result<{ token: LiveToken }, Failure> | Promise<Result<{ token: LiveToken }, Failure>> {
  const { authorization, providerId } = call
  const known =
    authorization === undefined ? undefined : live.findByHeader(authorization, providerId)
  if (known) return ok({ token: known })
  const bearer = readBearer(authorization)
  if (!bearer.ok) return bearer
  return live
    .load(bearer.value, authorization as string, providerId)
    .then((found) => (found.ok ? ok({ token: found.value }) : found))
}
