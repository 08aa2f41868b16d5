import { normalizePath } from '../proxy/normalize-path.ts'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { Unsealed } from './encrypted.ts'
import type { ProxyPorts, Received } from './exchange.ts'

const allow = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** What is asked for: the method, and the one spelling of the path that the scope map sees and the upstream gets. */
export function read(
  _: ProxyPorts,
  { call, unsealed }: Received & { readonly unsealed: Unsealed | undefined },
): Result<{ method: string; path: string }, Failure> {
  const { method } = unsealed ?? call
  // TRACE would show the agent the credential that the gateway adds (RFC 9110 §9.3.8).
  if (method === 'TRACE' || method === 'CONNECT') return fail({ reason: 'method_unknown', allow })
  const path = normalizePath(call.rawPath)
  return path.ok ? ok({ method, path: path.value }) : path
}
