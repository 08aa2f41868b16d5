import type { Command } from 'commander'
import type { GrantView } from '../../admin/view.ts'
import { askGateway } from '../ask-gateway.ts'
import { alignColumns } from '../columns.ts'
import { addCommand } from '../command.ts'
import { answer } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import type { Act } from '../program.ts'

interface ListOptions {
  readonly user?: string
  readonly agent?: string
  readonly provider?: string
  readonly all?: boolean
}

export function addGrantCommands(program: Command, act: Act): void {
  const grants = addCommand(program, {
    usage: 'grants',
    summary: 'see and end what users allowed',
    examples: [
      ['sallyport grants list', 'what is allowed now'],
      ['sallyport grants list --user usr_x1', 'what one user allowed'],
      ['sallyport grants revoke gnt_x1', 'end one; its tokens stop now'],
    ],
  })
  addCommand(grants, {
    usage: 'list',
    summary: 'list grants: which user allowed which agent what',
    examples: [
      ['sallyport grants list', 'those that live'],
      ['sallyport grants list --agent ath_x1 --provider oa', 'of one agent at one provider'],
      ['sallyport grants list --all --json', 'also ended ones, for machines'],
    ],
    next: 'sallyport grants revoke <grant>',
  })
    .option('--user <user>', 'only of this user (usr_…)')
    .option('--agent <client>', 'only of this agent (client id)')
    .option('--provider <provider>', 'only at this provider')
    .option('--all', 'also those that ended')
    .action(
      act(async (context, options: ListOptions) => {
        const found = await askGateway<{ readonly grants: readonly GrantView[] }>(context, {
          method: 'GET',
          path: ['grants'],
          query: {
            user: options.user,
            client: options.agent,
            provider: options.provider,
            all: options.all === true ? 'true' : undefined,
          },
        })
        answer(context, found, writeGrants(found.grants))
        return exitCode.ok
      }),
    )
  addCommand(grants, {
    usage: 'revoke <grant>',
    summary: 'end a grant: its tokens stop now, and the provider’s are given back',
    examples: [
      ['sallyport grants revoke gnt_x1', 'by its id'],
      ['sallyport grants list --user usr_x1', 'find the id'],
      ['sallyport grants revoke gnt_x1 --json', 'for machines'],
    ],
    next: 'sallyport audit query event=token_revoked',
  }).action(
    act(async (context, grant: string) => {
      const revoked = await askGateway<GrantView>(context, {
        method: 'POST',
        path: ['grants', grant, 'revoke'],
        body: {},
      })
      answer(context, revoked, `revoked ${revoked.grant_id}\n`)
      return exitCode.ok
    }),
  )
}

function writeGrants(grants: readonly GrantView[]): string {
  if (grants.length === 0) return 'no grants\n'
  return alignColumns([
    ['GRANT', 'USER', 'AGENT', 'PROVIDER', 'SCOPES', 'UNTIL'],
    ...grants.map((grant) => [
      grant.grant_id,
      grant.user_id,
      grant.agent_id,
      grant.provider_id,
      grant.scopes.join(' '),
      grant.revoked_at === undefined ? grant.expires_at : `ended ${grant.revoked_at}`,
    ]),
  ])
}
