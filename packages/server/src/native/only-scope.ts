import type { ScopeMap } from '../proxy/scope-map.ts'

/** The scope map of a route that says itself what opens it. */
export const onlyScope = (scope: string): ScopeMap => ({
  admit: (_method, _path, granted) =>
    granted.has(scope) ? { allowed: true, scope } : { allowed: false, anyOf: [scope] },
})
