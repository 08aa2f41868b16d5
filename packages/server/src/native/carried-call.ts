import type { Clock } from '@ath-protocol/types'
import type { AskedCall } from '../credentials/credential.ts'
import type { HeaderList } from '../proxy/headers.ts'
import type { Seal } from '../ports/seal.ts'
import { stepUpHeader } from '../step-up/require-step-up.ts'
import { type AppRequest, headerOf } from './app-request.ts'

/**
 * How a call that came by the proxy path tells the app's own guards whose it is: the app's log-in sees the user's OAuth
 * token, and a guard that would have asked the person must not take it for theirs. Sealed, for one request, for half a
 * minute; agents can neither make nor send it, since nothing that begins with `x-ath-` goes on from them.
 */
export const carriedHeader = 'x-ath-call'

const lifetimeSeconds = 30
const context = 'call on the proxy path'
const kept = ['authorization', 'x-ath-agent-id', stepUpHeader] as const

interface Carried {
  readonly method: string
  readonly target: string
  readonly ip: string
  readonly until: number
  readonly headers: HeaderList
  /** It was encrypted (U10): what goes on is what was inside. */
  readonly opened: boolean
}

/** The header for a call that goes on, as the app will see it. */
export function carryCall(
  { call, route, method, path, unsealed }: AskedCall,
  { seal, clock }: { readonly seal: Seal; readonly clock: Clock },
): HeaderList {
  const { ip, authorization, agentHeader } = call
  const stepUp = headerOf(unsealed ?? call, stepUpHeader)
  const headers: [string, string | undefined][] = [
    ['authorization', authorization],
    ['x-ath-agent-id', agentHeader],
    [stepUpHeader, stepUp],
  ]
  const carried: Carried = {
    method,
    target: route.basePath + path + call.query,
    ip,
    until: clock.now() + lifetimeSeconds,
    headers: headers.flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
    opened: unsealed !== undefined,
  }
  return [carriedHeader, seal.seal(JSON.stringify(carried), context)]
}

export const isCarried = (request: AppRequest): boolean =>
  headerOf(request, carriedHeader) !== undefined

/** The agent's call as it was before the proxy; undefined where the header is not ours, of another request, or old. */
export function openCarried(
  request: AppRequest,
  { seal, clock }: { readonly seal: Seal; readonly clock: Clock },
): { readonly request: AppRequest; readonly opened: boolean } | undefined {
  let carried: Carried
  try {
    carried = JSON.parse(seal.open(headerOf(request, carriedHeader) ?? '', context)) as Carried
  } catch {
    return undefined
  }
  const { method, target, ip, until, headers, opened } = carried
  if (method !== request.method || target !== request.target || until <= clock.now())
    return undefined
  const names: readonly string[] = [...kept, carriedHeader]
  const others = request.headers.filter(
    (_, index) => !names.includes(request.headers[index - (index % 2)]?.toLowerCase() ?? ''),
  )
  return { request: { ...request, ip, headers: [...others, ...headers] }, opened }
}
