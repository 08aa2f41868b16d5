import { normalizePath } from '@ath-protocol/server'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts, Received } from './exchange.ts'

const allow = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** What is asked for: the one spelling of the path that the scope map sees and the upstream gets. */
export function read(_: ProxyPorts, { call }: Received): Result<{ path: string }, Failure> {
  // TRACE would show the agent the credential that the gateway adds (RFC 9110 §9.3.8).
  if (call.method === 'TRACE' || call.method === 'CONNECT')
    return fail({ reason: 'method_unknown', allow })
  const path = normalizePath(call.rawPath)
  return path.ok ? ok({ path: path.value }) : path
}
