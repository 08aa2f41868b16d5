import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { Registration } from '../ports/registry.ts'

/** Whether the service's door is open to this agent now (R58, R113, R50). */
export function checkApproved(agent: Registration, now: number): Result<void, Failure> {
  switch (agent.status) {
    case 'pending':
      return fail({ reason: 'agent_pending' })
    case 'denied':
      return fail({ reason: 'agent_denied' })
    case 'suspended':
      return fail({ reason: 'agent_suspended' })
    case 'approved':
      return now < agent.approvalExpiresAt
        ? ok(undefined)
        : fail({ reason: 'agent_approval_expired' })
  }
}

/** What the service approved of one provider; undefined when nothing. */
export function approvedScopes(
  agent: Pick<Registration, 'approvals'>,
  providerId: string,
): readonly string[] | undefined {
  const approval = agent.approvals.find((candidate) => candidate.provider_id === providerId)
  return approval && approval.approved_scopes.length > 0 ? approval.approved_scopes : undefined
}
