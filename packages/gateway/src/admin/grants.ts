import { endGrantBy, type Grant } from '@ath-protocol/server'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { AdminFault, AdminPorts, Operator } from './ports.ts'

export async function listGrants(
  ports: AdminPorts,
  filter: {
    readonly userId?: string
    readonly clientId?: string
    readonly providerId?: string
    /** Also those that ended. */
    readonly all: boolean
  },
): Promise<readonly Grant[]> {
  const { all, ...rest } = filter
  return ports.grants.list({ ...rest, ...(all ? {} : { liveAt: ports.clock.now() }) })
}

/** Ends one grant: its tokens stop at once and the provider's are given back (R107, R110). */
export async function revokeGrant(
  ports: AdminPorts,
  grantId: string,
  operator: Operator,
): Promise<Result<Grant, AdminFault>> {
  const grant = await ports.grants.find(grantId)
  if (!grant)
    return fail({
      status: 404,
      problem: `there is no grant \`${grantId}\``,
      fix: 'see: sallyport grants list',
    })
  const ended = await endGrantBy(ports, grant, `operator:${operator.name}`)
  if (!ended) return fail({ status: 409, problem: 'the grant had ended already' })
  return ok((await ports.grants.find(grantId)) ?? grant)
}
