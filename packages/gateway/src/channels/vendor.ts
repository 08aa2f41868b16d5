import type { OutboundFetch } from '@ath-protocol/server'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { DeliveryFault } from './channel.ts'

export interface VendorCall {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: object
  readonly signal: AbortSignal
}

/** A vendor's API below one base URL. */
export type Vendor = (
  path: string,
  call: VendorCall,
) => Promise<Result<Readonly<Record<string, unknown>>, DeliveryFault>>

/**
 * Calls go below `baseUrl` and nowhere else; redirects are not followed (the outbound port does not). An answer must be
 * a JSON object, or empty. What a vendor says in words goes nowhere: it may repeat a token.
 */
export function createVendor(fetch: OutboundFetch, baseUrl: string): Vendor {
  return async (path, { method = 'POST', headers, query, json, signal }) => {
    const url = new URL(baseUrl.replace(/\/$/, '') + path)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    try {
      const response = await fetch(url.href, {
        method,
        signal,
        headers: {
          ...(json === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      })
      const { status } = response
      if (status === 429) return fail({ kind: 'limited' })
      if (status >= 500) return fail({ kind: 'unreachable', detail: `status ${status}` })
      const read = readObject(await response.text())
      if (status >= 300)
        return fail({ kind: 'refused', code: vendorCode(read) ?? `status ${status}` })
      return read ? ok(read) : fail({ kind: 'unreadable' })
    } catch (cause) {
      return fail({ kind: 'unreachable', detail: codeOf(cause) })
    }
  }
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.trim() === '') return {}
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A member that is an object; anything else reads as one without members. */
export function memberOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  return asObject(asObject(value)?.[name]) ?? {}
}

export function textOf(value: unknown, name: string): string {
  const found = asObject(value)?.[name]
  return typeof found === 'string' ? found : ''
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** What a vendor calls the error, where it says so beside the status. */
function vendorCode(answer: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const code = answer?.['code'] ?? answer?.['errcode'] ?? answer?.['error']
  return typeof code === 'number' || typeof code === 'string'
    ? String(code).slice(0, 100)
    : undefined
}

/** A name for the log: `ECONNREFUSED`, `TimeoutError`; never a message, which may hold the URL and with it a token. */
function codeOf(cause: unknown): string {
  const { code, name, cause: inner } = cause as { code?: unknown; name?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  if (inner !== undefined) return codeOf(inner)
  return typeof name === 'string' ? name : 'error'
}
