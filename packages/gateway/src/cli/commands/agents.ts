import type { Command } from 'commander'
import type { AgentView } from '../../admin/view.ts'
import { printable } from '../../config/problem.ts'
import { readDuration } from '../../config/quantity.ts'
import { writeRestrictions } from '../../config/summary.ts'
import { askGateway } from '../ask-gateway.ts'
import { alignColumns } from '../columns.ts'
import { addCommand } from '../command.ts'
import { Complaint } from '../complaint.ts'
import { answer, type Context } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import type { Act } from '../program.ts'
import { addAddCommand } from './add-agent.ts'

const statuses = ['approved', 'pending', 'denied', 'suspended', 'expired'] as const

export function addAgentCommands(program: Command, act: Act): void {
  const agents = addCommand(program, {
    usage: 'agents',
    summary: 'see and decide which agents the service lets in',
    examples: [
      ['sallyport agents list --status pending', 'who waits for a decision'],
      ['sallyport agents approve ath_x1 --scope oa:read', 'approve a part of what was asked'],
      ['sallyport agents suspend ath_x1', 'stop an agent and its tokens now'],
    ],
  })
  addList(agents, act)
  addShow(agents, act)
  addApprove(agents, act)
  addStop(agents, act, 'deny', 'deny an agent for good; its grants end')
  addStop(agents, act, 'suspend', 'stop an agent and its tokens now; can be taken back')
  addResume(agents, act)
  addAddCommand(agents, act, writeAgent)
}

function addList(agents: Command, act: Act): void {
  addCommand(agents, {
    usage: 'list',
    summary: 'list registered agents',
    examples: [
      ['sallyport agents list', 'all of them'],
      ['sallyport agents list --status pending', 'who waits for a decision'],
      ["sallyport agents list --json | jq -r '.agents[].agent_id'", 'only their ids'],
    ],
    next: 'sallyport agents show <agent>',
  })
    .option('--status <status>', `only these: ${statuses.join(', ')}`)
    .action(
      act(async (context, options: { readonly status?: string }) => {
        const status = options.status
        if (status !== undefined && !(statuses as readonly string[]).includes(status))
          throw new Complaint(exitCode.usage, `there is no status \`${status}\``, {
            fix: `one of ${statuses.join(', ')}`,
          })
        const found = await askGateway<{ readonly agents: readonly AgentView[] }>(context, {
          method: 'GET',
          path: ['agents'],
          query: { status },
        })
        answer(context, found, writeAgents(found.agents))
        return exitCode.ok
      }),
    )
}

function addShow(agents: Command, act: Act): void {
  addCommand(agents, {
    usage: 'show <agent>',
    summary: 'show one agent: what it asked, what it got, and who decided',
    examples: [
      ['sallyport agents show ath_x1', 'by its client id'],
      ['sallyport agents show https://a.example/.well-known/agent.json', 'by its agent id'],
      ['sallyport agents show ath_x1 --json', 'for machines'],
    ],
    next: 'sallyport agents approve <agent>',
  }).action(
    act(async (context, agent: string) => {
      const found = await askGateway<AgentView>(context, { method: 'GET', path: ['agents', agent] })
      answer(context, found, writeAgent(found))
      return exitCode.ok
    }),
  )
}

function addApprove(agents: Command, act: Act): void {
  addCommand(agents, {
    usage: 'approve <agent>',
    summary: 'approve an agent: all that it asked and that exists here, or the scopes you name',
    examples: [
      ['sallyport agents approve ath_x1', 'everything it asked for'],
      ['sallyport agents approve ath_x1 --scope oa:read --scope crm:read', 'only these scopes'],
      ['sallyport agents approve ath_x1 --for 7d', 'until a week from now'],
    ],
    next: 'sallyport agents show <agent>',
  })
    .option(
      '--scope <scope>',
      'only this scope, and those of further --scope; never more than the agent asked for',
      (scope: string, before: readonly string[] | undefined) => [...(before ?? []), scope],
    )
    .option('--for <duration>', 'how long, like 12h or 90d (default: gateway.approval_lifetime)')
    .action(
      act(
        async (
          context,
          agent: string,
          options: { readonly scope?: readonly string[]; readonly for?: string },
        ) => {
          const lifetime = options.for === undefined ? undefined : readDuration(options.for)
          if (options.for !== undefined && lifetime === undefined)
            throw new Complaint(exitCode.usage, `\`${options.for}\` is not a duration`, {
              fix: 'write a number and a unit: 30m, 12h, 90d',
            })
          return decide(context, agent, 'approve', {
            ...(options.scope === undefined ? {} : { scopes: options.scope }),
            ...(lifetime === undefined ? {} : { lifetime_seconds: lifetime }),
          })
        },
      ),
    )
}

function addStop(agents: Command, act: Act, verb: 'deny' | 'suspend', summary: string): void {
  addCommand(agents, {
    usage: `${verb} <agent>`,
    summary,
    examples: [
      [`sallyport agents ${verb} ath_x1`, 'by its client id'],
      [`sallyport agents ${verb} ath_x1 --because "key leaked"`, 'with a reason for the record'],
      [`sallyport agents ${verb} ath_x1 --json`, 'for machines'],
    ],
    next: verb === 'deny' ? 'sallyport agents list' : 'sallyport agents resume <agent>',
  })
    .option('--because <reason>', 'why; it goes into the record')
    .action(
      act((context, agent: string, options: { readonly because?: string }) =>
        decide(context, agent, verb, options),
      ),
    )
}

function addResume(agents: Command, act: Act): void {
  addCommand(agents, {
    usage: 'resume <agent>',
    summary: 'take a suspension back',
    examples: [
      ['sallyport agents resume ath_x1', 'its tokens work again'],
      ['sallyport agents list --status suspended', 'who is suspended'],
      ['sallyport agents resume ath_x1 --json', 'for machines'],
    ],
    next: 'sallyport agents show <agent>',
  }).action(act((context, agent: string) => decide(context, agent, 'resume', {})))
}

async function decide(
  context: Context,
  agent: string,
  verb: string,
  body: object,
): Promise<number> {
  const decided = await askGateway<AgentView>(context, {
    method: 'POST',
    path: ['agents', agent, verb],
    body,
  })
  answer(context, decided, writeAgent(decided))
  return exitCode.ok
}

function writeAgents(agents: readonly AgentView[]): string {
  if (agents.length === 0) return 'no agents\n'
  return alignColumns([
    ['CLIENT ID', 'STATUS', 'NAME', 'APPROVED', 'KEY', 'AGENT ID'],
    ...agents.map((agent) => [
      agent.client_id,
      agent.status,
      printable(agent.name),
      agent.approved_providers.flatMap(({ approved_scopes }) => approved_scopes).join(' ') || '-',
      agent.key_thumbprint ?? '-',
      agent.agent_id,
    ]),
  ])
}

function writeAgent(agent: AgentView): string {
  const requested = agent.requested.map(
    ({ provider_id, scopes }) => `${provider_id}: ${scopes.join(', ')}`,
  )
  return alignColumns([
    ['client id', agent.client_id],
    ['agent id', agent.agent_id],
    ...(agent.key_thumbprint === undefined ? [] : [['key', agent.key_thumbprint]]),
    ['name', printable(agent.name)],
    ['developer', printable(`${agent.developer.name} (${agent.developer.id})`)],
    ...(agent.purpose === undefined ? [] : [['purpose', `“${printable(agent.purpose)}”`]]),
    ['status', agent.status],
    ['asked for', requested.join('; ')],
    ...agent.approved_providers.flatMap((approval) => [
      ...(approval.approved_scopes.length === 0
        ? []
        : [['approved', `${approval.provider_id}: ${approval.approved_scopes.join(', ')}`]]),
      ...(approval.denied_scopes.length === 0
        ? []
        : [
            [
              'not approved',
              `${approval.provider_id}: ${approval.denied_scopes.join(', ')} (${printable(approval.denial_reason ?? 'no reason given')})`,
            ],
          ]),
    ]),
    ...(agent.restrictions === undefined
      ? []
      : [['only', writeRestrictions([agent.restrictions]).join(', ')]]),
    ['until', agent.approval_expires],
    ['decided', `${agent.decided_at} by ${agent.decided_by}`],
    ['registered', agent.registered_at],
  ])
}
