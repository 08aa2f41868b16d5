import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { amountIn } from '../surfaces/http/amount.ts'
import type { Unsealed } from './encrypted.ts'
import type { ProxyPorts, Received, Route } from './exchange.ts'
import type { LiveToken } from './live-token.ts'
import { readWholeBody } from './read-body.ts'

export interface Guarded {
  readonly maxBodyBytes: number
  /** The body, where somebody had to look into it; else it is still with the caller. */
  readonly wholeBody: Uint8Array | undefined
}
type Guarding = Received & {
  readonly token: LiveToken
  readonly route: Route
  readonly method: string
  readonly path: string
  readonly unsealed: Unsealed | undefined
}

/** The longest order that is read for its amount. */
const maxOrderBytes = 1024 * 1024

/** Whether the call may be sent as it is: its size, what it orders, and that its record can be kept. */
export function guard(
  { audit }: ProxyPorts,
  exchange: Guarding,
): Result<Guarded, Failure> | Promise<Result<Guarded, Failure>> {
  // Last look before anything leaves: what was sent cannot be unsent.
  if (!audit.healthy)
    return fail({ reason: 'dependency_down', dependency: 'audit', cause: 'the last record failed' })
  const { call, route, token, unsealed } = exchange
  const { maxRequestBytes } = route
  const length = unsealed ? (unsealed.body?.length ?? 0) : lengthOf(call.body)
  if (length > maxRequestBytes)
    return fail({ reason: 'body_over_limit', limitBytes: maxRequestBytes })
  if (token.grant.limits?.limitsAmount) return checkAmounts(exchange)
  return ok({ maxBodyBytes: maxRequestBytes, wholeBody: unsealed?.body })
}

const lengthOf = (body: Received['call']['body']): number =>
  body.kind === 'none' ? 0 : (body.length ?? 0)

/** What an order costs is read from the very bytes that are sent on (U13). */
async function checkAmounts({
  call,
  token,
  route,
  method,
  path,
  unsealed,
}: Guarding): Promise<Result<Guarded, Failure>> {
  const { maxRequestBytes: maxBodyBytes, amounts } = route
  const fields = amounts?.fieldsOf(method, path) ?? []
  const hasBody = unsealed ? unsealed.body !== undefined : call.body.kind !== 'none'
  // A grant whose provider no longer says where amounts are: nothing may be ordered with it.
  const isOrder = fields.length > 0 || (!amounts && hasBody)
  if (!isOrder) return ok({ maxBodyBytes, wholeBody: unsealed?.body })
  const { limits } = token.grant
  const read = unsealed ? ok(unsealed.body) : await readOrder(call.body)
  if (!read.ok && read.error.reason !== 'body_over_limit') return read
  const body = read.ok ? read.value : undefined
  const costs = body
    ? fields.map((field) => amountIn(unsealed?.headers ?? call.headers, body, field))
    : []
  for (const cost of costs.length > 0 ? costs : [Number.NaN]) {
    const checked = limits?.checkAmount(cost)
    if (checked?.ok === false) return fail({ reason: 'restricted', fault: checked.error })
  }
  return ok({ maxBodyBytes, wholeBody: body })
}

/** A body of unknown length is no order: nobody knows beforehand whether it ends. */
function readOrder(
  body: Received['call']['body'],
): Promise<Result<Uint8Array | undefined, Failure>> | Result<undefined, Failure> {
  if (body.kind === 'none' || body.length === undefined) return ok(undefined)
  return readWholeBody(body, maxOrderBytes)
}
