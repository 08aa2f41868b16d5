/** One scope of one service. */
export interface ProviderScope {
  readonly providerId: string
  readonly name: string
}

/**
 * How a scope is named where no provider stands beside it, as in the nine-step handshake: its own name when that begins
 * with its provider's (`oa:read` at `oa`), else with the provider before it (`crm:read` for `read` at `crm`).
 */
export function qualifiedScope({ providerId, name }: ProviderScope): string {
  return name.startsWith(`${providerId}:`) ? name : `${providerId}:${name}`
}

/** Every scope that is there, by its qualified name. Two of one provider with one qualified name cannot be told apart: the first stands. */
export function scopesByQualifiedName(
  providers: Iterable<{
    readonly id: string
    readonly scopes: readonly { readonly name: string }[]
  }>,
): ReadonlyMap<string, ProviderScope> {
  const known = new Map<string, ProviderScope>()
  for (const { id: providerId, scopes } of providers)
    for (const { name } of scopes) {
      const qualified = qualifiedScope({ providerId, name })
      if (!known.has(qualified)) known.set(qualified, { providerId, name })
    }
  return known
}
