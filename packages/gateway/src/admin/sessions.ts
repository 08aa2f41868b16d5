import { endSession, type Session } from '@ath-protocol/server'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { AdminFault, AdminPorts, Operator } from './ports.ts'

export async function listSessions(
  ports: AdminPorts,
  filter: {
    readonly userId?: string
    readonly clientId?: string
    /** Also those that ended. */
    readonly all: boolean
  },
): Promise<readonly Session[]> {
  const { all, ...rest } = filter
  const found = await ports.nineStep?.sessions.list({
    ...rest,
    ...(all ? {} : { liveAt: ports.clock.now() }),
  })
  return found ?? []
}

/** Ends a session with every permission in it: its tokens stop at once and none is renewed (R107, R110). */
export async function stopSession(
  ports: AdminPorts,
  sessionId: string,
  operator: Operator,
): Promise<Result<Session, AdminFault>> {
  const session = await ports.nineStep?.sessions.find(sessionId)
  if (!session)
    return fail({
      status: 404,
      problem: `there is no session \`${sessionId}\``,
      fix: 'see: sallyport sessions list',
    })
  if (!(await endSession(ports, session, `operator:${operator.name}`)))
    return fail({ status: 409, problem: 'the session had ended already' })
  return ok((await ports.nineStep?.sessions.find(sessionId)) ?? session)
}
