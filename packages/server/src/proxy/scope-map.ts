/** One line of a scope map: a method (or `*`) and a path pattern. `*` is one segment, a final `**` any rest. */
export interface ScopeRule {
  readonly scope: string
  readonly method: string
  readonly pattern: string
}

export type ScopeMapFault = { readonly rule: ScopeRule; readonly problem: string }

export type ScopeVerdict =
  | { readonly allowed: true; readonly scope: string }
  | { readonly allowed: false; readonly anyOf: readonly string[] }

/** Which scopes open which method and path (R95). Nothing that is not listed is open (R96). */
export interface ScopeMap {
  /** `path` must be normalised already (`normalizePath`). `granted` are the token's effective scopes. */
  admit(method: string, path: string, granted: ReadonlySet<string>): ScopeVerdict
}

interface Compiled {
  readonly scope: string
  readonly method: string
  readonly segments: readonly string[]
  readonly open: boolean
}

/** Reads `GET /api/**`. The method is a token of RFC 9110 §9.1 or `*`; the pattern starts with a slash. */
export function readScopeRule(scope: string, text: string): ScopeRule | string {
  const match = /^([A-Z]+|\*)[ \t]+(\/\S*)$/.exec(text.trim())
  if (!match?.[1] || !match[2]) return 'write a method and a path, like `GET /api/**`'
  const pattern = match[2]
  const segments = pattern.slice(1).split('/')
  if (segments.slice(0, -1).includes('**')) return '`**` may only be the last segment'
  if (segments.some((segment) => segment.includes('*') && segment !== '*' && segment !== '**'))
    return '`*` and `**` stand for whole segments'
  if (/[?#%\\;]/.test(pattern))
    return 'a pattern holds plain path segments: no query, percent, backslash or semicolon'
  return { scope, method: match[1], pattern }
}

/** Compiles once; `admit` then does no allocation for an allowed call. `GET` also opens `HEAD` (RFC 9110 §9.3.2). */
export function compileScopeMap(rules: readonly ScopeRule[]): ScopeMap {
  const compiled: Compiled[] = rules.map(({ scope, method, pattern }) => {
    const segments = pattern.slice(1).split('/')
    const open = segments.at(-1) === '**'
    return { scope, method, segments: open ? segments.slice(0, -1) : segments, open }
  })
  return {
    admit(method, path, granted) {
      const segments = path.slice(1).split('/')
      let missing: string[] | undefined
      for (const rule of compiled) {
        if (!opensMethod(rule.method, method) || !opensPath(rule, segments)) continue
        if (granted.has(rule.scope)) return { allowed: true, scope: rule.scope }
        missing ??= []
        if (!missing.includes(rule.scope)) missing.push(rule.scope)
      }
      return { allowed: false, anyOf: missing ?? [] }
    },
  }
}

function opensMethod(rule: string, method: string): boolean {
  return rule === '*' || rule === method || (rule === 'GET' && method === 'HEAD')
}

function opensPath(rule: Compiled, segments: readonly string[]): boolean {
  if (rule.open ? segments.length < rule.segments.length : segments.length !== rule.segments.length)
    return false
  for (let index = 0; index < rule.segments.length; index++) {
    const wanted = rule.segments[index]
    if (wanted !== segments[index] && !(wanted === '*' && segments[index] !== '')) return false
  }
  return true
}
