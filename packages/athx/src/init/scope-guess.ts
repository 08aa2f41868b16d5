import type { Route } from './route-map.ts'

export interface GuessedScope {
  readonly scope: string
  /** Patterns of a scope map, such as `GET /api/products/*`. */
  readonly routes: readonly string[]
  readonly description: string
}

export interface Guess {
  /** Below which the API lies, such as `/api`. */
  readonly apiBase: string
  readonly scopes: readonly GuessedScope[]
  /** Routes that stay closed to agents, each with the reason. */
  readonly leftOut: readonly { readonly route: string; readonly why: string }[]
}

/** Anywhere in a path. */
const closedWords: readonly (readonly [RegExp, string])[] = [
  [/^(?:admin|internal|private|debug|management)$/, 'for administrators'],
  [
    /^(?:auth|log-?in|log-?out|sign-?in|sign-?up|sign-?out|register|oauth2?|sessions?|callback|tokens?|passwords?)$/,
    'people’s log-in',
  ],
]

/** As the resource itself. */
const closedResources: readonly (readonly [RegExp, string])[] = [
  [/^(?:webhooks?|hooks)$/, 'called by other services'],
  [
    /^(?:health|healthz|livez?|readyz?|status|ping|metrics|docs|openapi(?:\.json)?|swagger|favicon\.ico|robots\.txt|assets|static|public|ath|\.well-known)$/,
    'not a part of the API',
  ],
]

/** Guesses scopes by the rule of the tutorial: `resource:read` for GET, `resource:write` for what changes something. */
export function guessScopes(routes: readonly Route[]): Guess {
  const apiBase = commonBase(routes)
  const found = new Map<string, { routes: Set<string>; description: string }>()
  const leftOut: { route: string; why: string }[] = []
  for (const { method, path } of routes) {
    if (method === 'OPTIONS' || method === 'HEAD') continue
    const route = `${method} ${path || '/'}`
    const why = reasonToLeaveOut(method, path, apiBase)
    if (why) {
      leftOut.push({ route, why })
      continue
    }
    const resource = segmentsBelow(path, apiBase)[0] ?? ''
    const action = method === 'GET' ? 'read' : 'write'
    const scope = `${resource}:${action}`
    const words = resource.replace(/[-_.]+/g, ' ')
    const entry = found.get(scope) ?? {
      routes: new Set(),
      description: `${action === 'read' ? 'See' : 'Change'} ${words}`,
    }
    entry.routes.add(`${method} ${toPattern(path)}`)
    found.set(scope, entry)
  }
  return {
    apiBase: apiBase || '/',
    scopes: [...found]
      .map(([scope, { routes, description }]) => ({ scope, routes: [...routes], description }))
      .sort((one, other) => (one.scope < other.scope ? -1 : 1)),
    leftOut,
  }
}

/** Keeps to the scopes that were named; one without a route is opened only by `requireScope`. */
export function chooseScopes(guess: Guess, named: readonly string[]): Guess {
  const scopes = named.map((scope) => {
    const [resource = scope, action = ''] = scope.split(':')
    const words = resource.replace(/[-_.]+/g, ' ')
    return (
      guess.scopes.find((one) => one.scope === scope) ?? {
        scope,
        routes: [],
        description: action === 'read' ? `See ${words}` : `Change ${words}`,
      }
    )
  })
  return { ...guess, scopes }
}

function reasonToLeaveOut(method: string, path: string, apiBase: string): string | undefined {
  if (path !== apiBase && !path.startsWith(`${apiBase}/`)) return `not below ${apiBase}`
  if (method === '*') return 'answers every method'
  const segments = segmentsBelow(path, apiBase)
  const [resource] = segments
  if (resource === undefined || isParameter(resource)) return 'names no resource'
  for (const [words, why] of closedWords)
    if (segments.some((segment) => words.test(segment))) return why
  for (const [words, why] of closedResources) if (words.test(resource)) return why
  if (!/^[A-Za-z0-9][\w.-]*$/.test(resource)) return 'names no resource'
  return toPattern(path).includes(' ') ? 'a path that no pattern describes' : undefined
}

const isParameter = (segment: string) => /^[:*{(]/.test(segment)

const segmentsBelow = (path: string, base: string) =>
  path
    .slice(base.length)
    .split('/')
    .filter((segment) => segment !== '')

/** `/api/v1` where every route of the API lies there; `/api` where some do; else nothing. */
function commonBase(routes: readonly Route[]): string {
  const api = routes.filter(({ path }) => /^\/api(?:\/|$)/.test(path))
  if (api.length === 0) return ''
  const version = /^\/api\/v\d+(?=\/)/.exec(api[0]?.path ?? '')?.[0]
  return version && api.every(({ path }) => path.startsWith(`${version}/`)) ? version : '/api'
}

/** `/orders/:id` as `/orders/*`; what stands for any rest as a last `**`. */
function toPattern(path: string): string {
  const segments = path.split('/').slice(1)
  const pattern: string[] = []
  for (const segment of segments) {
    const rest = segment === '*' || /^(?:\*\w+|\{\*\w+\}|:\w+\{\.\+\})$/.test(segment)
    if (rest) return `/${[...pattern, '**'].join('/')}`
    // A parameter with a pattern or beside text is still one segment.
    pattern.push(/[:*(){}?]/.test(segment) ? '*' : segment)
  }
  return `/${pattern.join('/')}`
}
