import { AthError } from '../ath-error.ts'

export type ToolMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** How the arguments of a tool become a request. */
export interface RequestPlan {
  readonly method: ToolMethod
  /** `/orders/{id}`: each name in braces is an argument. */
  readonly path: string
  /** Where the other arguments go. Default: the query for GET and DELETE, a JSON body for all else. */
  readonly send?: 'query' | 'body' | undefined
  /** Arguments that go elsewhere than `send` says. */
  readonly where?: Readonly<Record<string, 'query' | 'body' | 'header'>> | undefined
}

export const pathNames = (path: string): readonly string[] =>
  [...path.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] ?? '')

/** The request that a model's arguments ask for. Throws `ARGUMENT_INVALID`. */
export function planRequest(
  { method, path, send, where = {} }: RequestPlan,
  args: Readonly<Record<string, unknown>>,
): { readonly path: string; readonly init: RequestInit } {
  const inPath = pathNames(path)
  const usual = send ?? (method === 'GET' || method === 'DELETE' ? 'query' : 'body')
  const query = new URLSearchParams()
  const headers = new Headers()
  const body: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(args)) {
    if (inPath.includes(name) || value === undefined) continue
    const place = Object.hasOwn(where, name) ? where[name] : usual
    if (place === 'body') body[name] = value
    else if (value === null) continue
    else if (place === 'header') headers.set(name, plain(name, value))
    else
      for (const one of Array.isArray(value) ? value : [value]) query.append(name, plain(name, one))
  }
  const hasBody = method !== 'GET' && (usual === 'body' || Object.keys(body).length > 0)
  if (hasBody) headers.set('content-type', 'application/json')
  const filled = path.replace(/\{([^{}]+)\}/g, (_, name: string) => segment(name, args[name]))
  const asked = query.size === 0 ? '' : `${filled.includes('?') ? '&' : '?'}${query}`
  return {
    path: filled + asked,
    init: { method, headers, ...(hasBody ? { body: JSON.stringify(body) } : {}) },
  }
}

/** One segment, whatever the model writes: it cannot climb to another path. */
function segment(name: string, value: unknown): string {
  const text = plain(name, value)
  if (/^\.{0,2}$/.test(text)) throw invalid(`\`${name}\` cannot be \`${text}\``)
  return encodeURIComponent(text)
}

function plain(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  throw invalid(`\`${name}\` is missing`)
}

const invalid = (message: string) => new AthError('ARGUMENT_INVALID', { message })
