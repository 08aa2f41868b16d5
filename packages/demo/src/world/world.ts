import { randomBytes } from 'node:crypto'
import { type AgentHost, startAgentHost } from './agent-host.ts'
import { type Crm, startCrm } from './crm.ts'
import { type Finance, startFinance } from './finance.ts'
import { crmResource, type Idp, startIdp } from './idp.ts'
import { type Oa, startOa } from './oa.ts'
import type { Received } from './received.ts'

/** Blue Harbour Co.: what was there before anybody thought of agents, and the agents. None of it knows the gateway. */
export interface World {
  readonly idp: Idp
  readonly oa: Oa
  readonly crm: Crm
  readonly finance: Finance
  readonly agents: AgentHost
  /** Everything that any of the legacy systems saw. */
  received(): readonly Received[]
  close(): Promise<void>
}

export async function startWorld(redirects: {
  readonly loginRedirectUri: string
  readonly crmRedirectUri: string
}): Promise<World> {
  const password = () => randomBytes(12).toString('base64url')
  const [idp, oa, finance, agents] = await Promise.all([
    startIdp(redirects),
    startOa({ password: password() }),
    startFinance({ password: password() }),
    startAgentHost(),
  ])
  const crm = await startCrm({ issuer: idp.issuer, resource: crmResource, ...idp.crmApi })
  return {
    idp,
    oa,
    crm,
    finance,
    agents,
    received: () => [...oa.received, ...crm.received, ...finance.received],
    close: async () => {
      await Promise.all([idp, oa, crm, finance, agents].map((system) => system.close()))
    },
  }
}
