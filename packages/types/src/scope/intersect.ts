/** The three sets that meet, and what is left: the rule that the service *and* the user must agree (R83–R86). */
export interface ScopeIntersection {
  readonly agentApproved: readonly string[]
  readonly userConsented: readonly string[]
  readonly effective: readonly string[]
}

/** Effective = approved ∩ consented ∩ requested, in the order requested, each once. It never holds a scope that one of the three lacks. */
export function intersectScopes(
  approved: readonly string[],
  consented: readonly string[],
  requested: readonly string[],
): ScopeIntersection {
  const inApproved = new Set(approved)
  const inConsented = new Set(consented)
  const effective = [...new Set(requested)].filter(
    (scope) => inApproved.has(scope) && inConsented.has(scope),
  )
  return { agentApproved: [...inApproved], userConsented: [...inConsented], effective }
}
