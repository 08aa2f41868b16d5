import type { AgentRegistry, AuditSink, LiveChanges } from '@ath-protocol/server'
import type { Clock } from '@ath-protocol/types'
import type { Alert, Watch } from './watch.ts'

export interface WatchedAuditOptions {
  readonly audit: AuditSink
  readonly watch: Watch
  readonly clock: Clock
  readonly registry: AgentRegistry
  readonly live: Pick<LiveChanges, 'agentChanged'>
  /** Where an operator sees it at once. */
  readonly raise: (alert: Alert) => void
  /** A suspension that could not be carried out. */
  readonly report: (cause: unknown) => void
}

/** An audit sink that looks at what passes: repeated faults raise an alert, and suspend the agent where the rule says so. */
export function watchedAudit(options: WatchedAuditOptions): AuditSink {
  const { audit, watch, clock } = options
  return {
    settled: () => audit.settled(),
    record(event) {
      const id = audit.record(event)
      for (const alert of watch.observe(event, clock.now())) {
        options.raise(alert)
        audit.record({
          event: 'alert_raised',
          outcome: 'denied',
          agent_id: event.agent_id,
          ip: event.ip,
          denial_reason: alert.rule.reason ?? alert.rule.event,
          evidence: { count: alert.rule.count, within_seconds: alert.rule.perSeconds },
        })
        if (alert.rule.suspend && event.agent_id !== undefined)
          suspend(options, event.agent_id).catch(options.report)
      }
      return id
    },
  }
}

async function suspend(options: WatchedAuditOptions, agentId: string): Promise<void> {
  const agent = await options.registry.findByAgentId(agentId)
  if (agent?.status !== 'approved') return
  await options.registry.update(agent.clientId, { status: 'suspended', decidedBy: 'watch' })
  options.live.agentChanged(agent.clientId)
  options.audit.record({
    event: 'agent_suspended',
    outcome: 'denied',
    agent_id: agentId,
    client_id: agent.clientId,
    decided_by: 'watch',
  })
}
