import type { Command } from 'commander'
import type { SessionView } from '../../admin/view.ts'
import { askGateway } from '../ask-gateway.ts'
import { alignColumns } from '../columns.ts'
import { addCommand } from '../command.ts'
import { answer } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import type { Act } from '../program.ts'

interface ListOptions {
  readonly user?: string
  readonly agent?: string
  readonly all?: boolean
}

export function addSessionCommands(program: Command, act: Act): void {
  const sessions = addCommand(program, {
    usage: 'sessions',
    summary: 'see and end the sessions of agents that came by the nine-step handshake',
    examples: [
      ['sallyport sessions list', 'those that live'],
      ['sallyport sessions list --user usr_x1', 'of one user'],
      ['sallyport sessions end ath_ses_x1', 'end one with all its permissions'],
    ],
  })
  addCommand(sessions, {
    usage: 'list',
    summary: 'list sessions: which agent acts for which user, and where',
    examples: [
      ['sallyport sessions list', 'those that live'],
      ['sallyport sessions list --agent ath_x1', 'of one agent'],
      ['sallyport sessions list --all --json', 'also ended ones, for machines'],
    ],
    next: 'sallyport sessions end <session>',
  })
    .option('--user <user>', 'only of this user (usr_…)')
    .option('--agent <client>', 'only of this agent (client id)')
    .option('--all', 'also those that ended')
    .action(
      act(async (context, options: ListOptions) => {
        const found = await askGateway<{ readonly sessions: readonly SessionView[] }>(context, {
          method: 'GET',
          path: ['sessions'],
          query: {
            user: options.user,
            client: options.agent,
            all: options.all === true ? 'true' : undefined,
          },
        })
        answer(context, found, writeSessions(found.sessions))
        return exitCode.ok
      }),
    )
  addCommand(sessions, {
    usage: 'end <session>',
    summary: 'end a session: its tokens stop now, and every permission in it ends',
    examples: [
      ['sallyport sessions end ath_ses_x1', 'by its id'],
      ['sallyport sessions list --user usr_x1', 'find the id'],
      ['sallyport sessions end ath_ses_x1 --json', 'for machines'],
    ],
    next: 'sallyport audit query event=session_ended',
  }).action(
    act(async (context, session: string) => {
      const ended = await askGateway<SessionView>(context, {
        method: 'POST',
        path: ['sessions', session, 'end'],
        body: {},
      })
      answer(context, ended, `ended ${ended.session_id}\n`)
      return exitCode.ok
    }),
  )
}

function writeSessions(sessions: readonly SessionView[]): string {
  if (sessions.length === 0) return 'no sessions\n'
  return alignColumns([
    ['SESSION', 'USER', 'AGENT', 'PROVIDERS', 'ENCRYPTED', 'UNTIL'],
    ...sessions.map((session) => [
      session.session_id,
      session.user_id,
      session.client_did,
      session.grants.map(({ provider_id }) => provider_id).join(' '),
      session.encrypted ? 'yes' : 'no',
      session.ended_at === undefined ? session.expires_at : `ended ${session.ended_at}`,
    ]),
  ])
}
