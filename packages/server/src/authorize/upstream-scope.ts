import type { ProviderDefinition } from '../config.ts'

/** The names that the upstream knows for our scopes. */
export function upstreamScopeNames(
  provider: ProviderDefinition,
  scopes: readonly string[],
): readonly string[] {
  return [...new Set(scopes.map((scope) => provider.upstreamScopes?.[scope] ?? scope))]
}

/** Our scopes whose upstream name is among those the upstream granted. */
export function ownScopes(
  provider: ProviderDefinition,
  asked: readonly string[],
  granted: readonly string[],
): readonly string[] {
  const names = new Set(granted)
  return asked.filter((scope) => names.has(provider.upstreamScopes?.[scope] ?? scope))
}
