import type { Command } from 'commander'
import type { StatusView } from '../../admin/view.ts'
import { askGateway } from '../ask-gateway.ts'
import { alignColumns } from '../columns.ts'
import { addCommand } from '../command.ts'
import { answer } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import type { Act } from '../program.ts'

export function addStatusCommand(program: Command, act: Act): void {
  addCommand(program, {
    usage: 'status',
    summary: 'show whether the gateway runs, and what it holds',
    examples: [
      ['sallyport status', 'the gateway of the configuration in this folder'],
      ['sallyport status --data-dir /var/lib/sallyport', 'the gateway with its data there'],
      ['sallyport status --json | jq .agents.pending', 'how many agents wait for a decision'],
    ],
    next: 'sallyport agents list --status pending',
  }).action(
    act(async (context) => {
      const status = await askGateway<StatusView>(context, { method: 'GET', path: ['status'] })
      const agents = Object.entries(status.agents)
        .filter(([, count]) => count > 0)
        .map(([name, count]) => `${count} ${name}`)
      answer(
        context,
        status,
        alignColumns([
          ['url', status.url],
          ['mode', status.mode],
          ...(status.mode === 'offline' ? [] : [['since', status.started_at]]),
          ['agents', agents.join(', ') || 'none'],
          ['live grants', String(status.live_grants)],
          ['providers', status.providers.join(', ') || 'none'],
        ]),
      )
      return exitCode.ok
    }),
  )
}
