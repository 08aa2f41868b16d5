import { randomBytes } from 'node:crypto'
import { type AgentHost, startAgentHost } from './agent-host.ts'
import { type Chats, startChats } from './chats.ts'
import { type Crm, startCrm } from './crm.ts'
import { createDidAgent, type DidAgent } from './did-agent.ts'
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
  /** Agents that come with a DID. */
  readonly didAgents: {
    readonly office: DidAgent
    /** Works at night only. */
    readonly monthEnd: DidAgent
  }
  readonly chats: Chats
  /** Everything that any of the legacy systems saw. */
  received(): readonly Received[]
  close(): Promise<void>
}

export async function startWorld(addresses: {
  readonly loginRedirectUri: string
  readonly crmRedirectUri: string
  readonly shopUrl: string
  readonly callbackUrl: (channel: string) => string
}): Promise<World> {
  const password = () => randomBytes(12).toString('base64url')
  const [idp, oa, finance, agents, chats, office, monthEnd] = await Promise.all([
    startIdp(addresses),
    startOa({ password: password() }),
    startFinance({ password: password() }),
    startAgentHost(),
    startChats(addresses),
    createDidAgent('did:ath:ai_office_assistant_001', 'AI 办公助手 Office Assistant'),
    createDidAgent('did:ath:month_end_batch_001', '月结批处理 Month-End Batch'),
  ])
  const crm = await startCrm({ issuer: idp.issuer, resource: crmResource, ...idp.crmApi })
  return {
    idp,
    oa,
    crm,
    finance,
    agents,
    didAgents: { office, monthEnd },
    chats,
    received: () => [...oa.received, ...crm.received, ...finance.received],
    close: async () => {
      await Promise.all([idp, oa, crm, finance, agents, chats].map((system) => system.close()))
    },
  }
}
