import type { DevScope } from './settings.ts'

/** What OpenID Connect has names for. */
export const identityScopes = ['openid', 'profile', 'email', 'offline_access'] as const

/** Not a person's choice: without the first there is no log-in, and the second gives nothing by itself. */
export const fixedScopes: readonly string[] = ['openid', 'offline_access']

/** Everything that may be asked for, in the order of the configuration. */
export const scopeNames = (scopes: readonly DevScope[]): readonly string[] => [
  ...new Set([...identityScopes, ...scopes.map(({ name }) => name)]),
]
