import {
  type AgentId,
  type ApprovedProvider,
  parseDid,
  type ProviderId,
  type Restrictions,
} from '@ath-protocol/types'

/** Which agents get what. The first rule that matches decides. */
export interface ApprovalRule {
  readonly name: string
  readonly match: {
    /** Exact agent_id or DID, or a prefix ending in `*`. */
    readonly agent?: string
    /** Host of the agent_id or `did:web`: exact, or `*.corp.example` for its subdomains. */
    readonly domain?: string
    /** `developer.id` as the agent's own document says; only worth something together with agent or domain. */
    readonly developer?: string
  }
  readonly decide: 'approve' | 'hold' | 'deny'
  /** For `approve`: the most the agent may get, by provider. */
  readonly allow: Readonly<Record<ProviderId, readonly string[]>>
  readonly lifetimeSeconds?: number
  /** What the approval is limited to (U13). */
  readonly restrictions?: Restrictions
  /** Shown to the agent as `denial_reason`. */
  readonly because?: string
}

export interface ApprovalRequest {
  readonly agentId: AgentId
  readonly developerId: string
  readonly requested: readonly {
    readonly providerId: ProviderId
    readonly scopes: readonly string[]
  }[]
}

export interface ApprovalDecision {
  readonly status: 'approved' | 'pending' | 'denied'
  readonly approvals: readonly ApprovedProvider[]
  readonly lifetimeSeconds: number
  readonly restrictions?: Restrictions
  readonly decidedBy: string
}

/** Who decided where no rule matched. */
export const byNoRule = 'default'
/** What an operator decided has run out: an operator decides again, and no rule does. */
export const heldForOperator = 'operator-again'

/** Decides a registration (R41–R43). Never approves a scope that was not requested, not allowed or that the provider lacks. */
export function decideApproval(
  rules: readonly ApprovalRule[],
  request: ApprovalRequest,
  defaults: {
    readonly unmatched: 'hold' | 'deny'
    readonly lifetimeSeconds: number
    readonly known: ReadonlyMap<ProviderId, ReadonlySet<string>>
  },
): ApprovalDecision {
  const rule = rules.find((candidate) => matches(candidate, request))
  const effect = rule?.decide ?? defaults.unmatched
  const decidedBy = rule ? `rule:${rule.name}` : byNoRule
  const lifetimeSeconds = rule?.lifetimeSeconds ?? defaults.lifetimeSeconds
  const approvals = mergeRequested(request.requested).map(
    ({ providerId, scopes }): ApprovedProvider => {
      const known = defaults.known.get(providerId)
      const allowed =
        effect === 'approve' && rule && Object.hasOwn(rule.allow, providerId)
          ? new Set(rule.allow[providerId])
          : new Set<string>()
      const approved = scopes.filter((scope) => allowed.has(scope) && known?.has(scope) === true)
      const denied = scopes.filter((scope) => !approved.includes(scope))
      const reason = denied.length === 0 ? undefined : denialReason(known, effect, rule)
      return {
        provider_id: providerId,
        approved_scopes: approved,
        denied_scopes: denied,
        ...(reason === undefined ? {} : { denial_reason: reason }),
      }
    },
  )
  if (effect === 'hold') return { status: 'pending', approvals, lifetimeSeconds, decidedBy }
  const something = approvals.some((approval) => approval.approved_scopes.length > 0)
  const restrictions = rule?.restrictions
  return {
    status: something ? 'approved' : 'denied',
    approvals,
    lifetimeSeconds,
    ...(restrictions === undefined ? {} : { restrictions }),
    decidedBy,
  }
}

function denialReason(
  known: ReadonlySet<string> | undefined,
  effect: 'approve' | 'hold' | 'deny',
  rule: ApprovalRule | undefined,
): string {
  if (!known) return 'there is no such provider here'
  if (effect === 'hold') return 'held until an operator decides'
  if (rule?.because) return rule.because
  return rule ? `not allowed by rule ${rule.name}` : 'no approval rule matches this agent'
}

function matches(rule: ApprovalRule, request: ApprovalRequest): boolean {
  const { agent, domain, developer } = rule.match
  if (agent === undefined && domain === undefined && developer === undefined) return false
  if (agent !== undefined && !matchesAgent(agent, request.agentId)) return false
  if (domain !== undefined && !matchesDomain(domain, hostOf(request.agentId))) return false
  return developer === undefined || developer === request.developerId
}

function matchesAgent(pattern: string, agentId: string): boolean {
  return pattern.endsWith('*') ? agentId.startsWith(pattern.slice(0, -1)) : agentId === pattern
}

/** The host that an agent proved to hold; empty for a DID that names a key only. */
function hostOf(agentId: AgentId): string {
  const did = parseDid(agentId)
  if (did.ok) return did.value.method === 'web' ? did.value.document.hostname : ''
  return new URL(agentId).hostname
}

function matchesDomain(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

/** The same provider asked twice is one question. */
function mergeRequested(requested: ApprovalRequest['requested']): ApprovalRequest['requested'] {
  const merged = new Map<ProviderId, Set<string>>()
  for (const { providerId, scopes } of requested) {
    const set = merged.get(providerId) ?? new Set<string>()
    for (const scope of scopes) set.add(scope)
    merged.set(providerId, set)
  }
  return [...merged].map(([providerId, scopes]) => ({ providerId, scopes: [...scopes] }))
}
