import type { AuditEvent, Registration, RegistrationStatus } from '@ath-protocol/server'
import { endGrantBy } from '@ath-protocol/server'
import { type ApprovedProvider, fail, ok, type Result } from '@ath-protocol/types'
import { nearest } from '@ath-protocol/server/parts'
import { decideScopes, denyScopes } from './decide.ts'
import type { AdminFault, AdminPorts, Operator } from './ports.ts'

/** By client_id or agent_id. */
export async function findAgent(
  ports: AdminPorts,
  reference: string,
): Promise<Result<Registration, AdminFault>> {
  const agent =
    (await ports.registry.findByClientId(reference)) ??
    (await ports.registry.findByAgentId(reference))
  if (agent) return ok(agent)
  const all = await ports.registry.list()
  const near = nearest(
    reference,
    all.flatMap(({ clientId, agentId }) => [clientId, agentId]),
  )
  return fail({
    status: 404,
    problem: `no agent \`${reference}\` is registered`,
    fix: near === undefined ? 'see: sallyport agents list' : `did you mean "${near}"?`,
  })
}

/**
 * Approves a registration, whole or in part (R41, R43), for `lifetimeSeconds` from now (R50). A narrower approval than
 * before ends the grants that reach beyond it.
 */
export async function approveAgent(
  ports: AdminPorts,
  agent: Registration,
  wish: { readonly scopes?: readonly string[]; readonly lifetimeSeconds?: number },
  operator: Operator,
): Promise<Result<Registration, AdminFault>> {
  const approvals = decideScopes(agent, ports.config.providers, wish.scopes)
  if (!approvals.ok) return approvals
  const lifetimeSeconds = wish.lifetimeSeconds ?? ports.config.approvalLifetimeSeconds
  const decided = {
    status: 'approved' as const,
    approvals: approvals.value,
    approvalExpiresAt: ports.clock.now() + lifetimeSeconds,
  }
  // Recorded first: what cannot be recorded is not approved.
  recordDecision(ports, agent, decided.approvals, operator, 'approved')
  await ports.audit.settled()
  return change(ports, agent, decided, operator)
}

/** Denies a registration for good: its grants end. */
export async function denyAgent(
  ports: AdminPorts,
  agent: Registration,
  because: string | undefined,
  operator: Operator,
): Promise<Result<Registration, AdminFault>> {
  const approvals = denyScopes(agent, because ?? 'denied by the operator')
  const denied = await change(ports, agent, { status: 'denied', approvals }, operator)
  recordDecision(ports, agent, approvals, operator, 'denied')
  await ports.audit.settled()
  return denied
}

/** Stops an agent and its tokens at once (R49). Nothing is lost: `resumeAgent` takes it back. */
export async function suspendAgent(
  ports: AdminPorts,
  agent: Registration,
  because: string | undefined,
  operator: Operator,
): Promise<Result<Registration, AdminFault>> {
  if (agent.status === 'suspended')
    return fail({ status: 409, problem: 'the agent is suspended already' })
  const suspended = await change(ports, agent, { status: 'suspended' }, operator)
  ports.audit.record({
    event: 'agent_suspended',
    outcome: 'denied',
    ...about(agent, operator),
    ...(because === undefined ? {} : { evidence: { because } }),
  })
  await ports.audit.settled()
  return suspended
}

/** Takes a suspension back: to approved where something was approved, else to pending. */
export async function resumeAgent(
  ports: AdminPorts,
  agent: Registration,
  operator: Operator,
): Promise<Result<Registration, AdminFault>> {
  if (agent.status !== 'suspended')
    return fail({
      status: 409,
      problem: `the agent is ${agent.status}, not suspended`,
      ...(agent.status === 'approved' ? {} : { fix: 'approve it: sallyport agents approve' }),
    })
  const wasApproved = agent.approvals.some(({ approved_scopes }) => approved_scopes.length > 0)
  const status: RegistrationStatus = wasApproved ? 'approved' : 'pending'
  recordDecision(ports, agent, agent.approvals, operator, status)
  await ports.audit.settled()
  return change(ports, agent, { status }, operator)
}

async function change(
  ports: AdminPorts,
  agent: Registration,
  changes: Partial<Pick<Registration, 'status' | 'approvals' | 'approvalExpiresAt'>>,
  operator: Operator,
): Promise<Result<Registration, AdminFault>> {
  const all = { ...changes, decidedAt: ports.clock.now(), decidedBy: `operator:${operator.name}` }
  if (!(await ports.registry.update(agent.clientId, all)))
    return fail({ status: 404, problem: 'the agent is gone' })
  ports.live.agentChanged(agent.clientId)
  const changed = { ...agent, ...all }
  if (changes.approvals) await endGrantsBeyond(ports, changed, operator)
  return ok(changed)
}

/** Live tokens narrow by themselves; what is wider ends all the same, with its calls in flight and the provider's tokens. */
async function endGrantsBeyond(
  ports: AdminPorts,
  agent: Registration,
  operator: Operator,
): Promise<void> {
  const live = await ports.grants.list({ clientId: agent.clientId, liveAt: ports.clock.now() })
  for (const grant of live) {
    const approval = agent.approvals.find((one) => one.provider_id === grant.providerId)
    const isWithin = grant.scopes.every((scope) => approval?.approved_scopes.includes(scope))
    if (!isWithin) await endGrantBy(ports, grant, `operator:${operator.name}`)
  }
}

function recordDecision(
  ports: AdminPorts,
  agent: Registration,
  approvals: readonly ApprovedProvider[],
  operator: Operator,
  status: RegistrationStatus,
): void {
  ports.audit.record({
    event: 'agent_decided',
    outcome: status === 'approved' ? 'allowed' : 'denied',
    ...about(agent, operator),
    requested_scopes: agent.requested.flatMap(({ providerId, scopes }) =>
      scopes.map((scope) => `${providerId}/${scope}`),
    ),
    effective_scopes: named(approvals, 'approved_scopes'),
    denied_scopes: named(approvals, 'denied_scopes'),
    ...(status === 'approved' ? {} : { denial_reason: `agent_${status}` }),
  })
}

function about(agent: Registration, operator: Operator): Partial<AuditEvent> {
  return {
    agent_id: agent.agentId,
    client_id: agent.clientId,
    decided_by: `operator:${operator.name}`,
  }
}

function named(
  approvals: readonly ApprovedProvider[],
  which: 'approved_scopes' | 'denied_scopes',
): readonly string[] {
  return approvals.flatMap((approval) =>
    approval[which].map((scope) => `${approval.provider_id}/${scope}`),
  )
}
