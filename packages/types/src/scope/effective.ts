/** The sets that all must hold a scope before it is granted (U14), by qualified name. */
export interface ScopeSources {
  readonly requested: readonly string[]
  /** What the server has at all. */
  readonly supported: ReadonlySet<string>
  /** What the service approved for the agent. */
  readonly approved: ReadonlySet<string>
  /** What the user's credential allows. */
  readonly credential: ReadonlySet<string>
  /** What the user confirmed. */
  readonly confirmed: ReadonlySet<string>
}

export type ScopeDenialReason =
  | 'not_supported'
  | 'not_approved_for_agent'
  | 'not_in_user_credential'
  | 'not_confirmed_by_user'

export interface EffectiveScopes {
  readonly granted: readonly string[]
  readonly denied: readonly { readonly scope: string; readonly reason: ScopeDenialReason }[]
}

/** credential ∩ confirmed ∩ approved ∩ requested ∩ supported, in the order requested, each once, with the first reason why not. */
export function effectiveScopes(sources: ScopeSources): EffectiveScopes {
  const granted: string[] = []
  const denied: { scope: string; reason: ScopeDenialReason }[] = []
  for (const scope of new Set(sources.requested)) {
    const reason = whyNot(scope, sources)
    if (reason) denied.push({ scope, reason })
    else granted.push(scope)
  }
  return { granted, denied }
}

function whyNot(scope: string, sources: ScopeSources): ScopeDenialReason | undefined {
  if (!sources.supported.has(scope)) return 'not_supported'
  if (!sources.approved.has(scope)) return 'not_approved_for_agent'
  if (!sources.credential.has(scope)) return 'not_in_user_credential'
  return sources.confirmed.has(scope) ? undefined : 'not_confirmed_by_user'
}
