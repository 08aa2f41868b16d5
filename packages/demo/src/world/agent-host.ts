import {
  type AgentKey,
  createAgentKey,
  createIdentityDocument,
  readAgentKey,
} from '@ath-protocol/client'
import { listenOnLoopback, sendJson } from './listen.ts'

/** An agent with a published identity. The private key stays in this process. */
export interface HostedAgent {
  /** URL of its identity document, which is its name everywhere. */
  readonly agentId: string
  readonly name: string
  readonly developer: { readonly name: string; readonly id: string }
  readonly key: AgentKey
}

export interface AgentHost {
  readonly origin: string
  /** The assistant that the company approved. */
  readonly office: HostedAgent
  /** Another agent that the company knows, for one thing only. */
  readonly minutes: HostedAgent
  /** An agent with a perfectly valid identity that nobody here has heard of. */
  readonly stranger: HostedAgent
  close(): Promise<void>
}

interface Published {
  readonly agent: HostedAgent
  readonly document: unknown
}

/** Serves the agents' identity documents, as their developers would on their own domains. */
export async function startAgentHost(): Promise<AgentHost> {
  const published = new Map<string, Published>()
  const host = await listenOnLoopback(() => (request, response) => {
    const found = request.method === 'GET' ? published.get(request.url ?? '') : undefined
    if (!found) return sendJson(response, 404, { error: 'no such agent' })
    response.setHeader('cache-control', 'max-age=300')
    sendJson(response, 200, found.document)
  })
  const publish = async (path: string, name: string, developer: HostedAgent['developer']) => {
    const entry = await createAgent(`${host.origin}${path}`, name, developer)
    published.set(path, entry)
    return entry.agent
  }
  const blueHarbour = { name: 'Blue Harbour Co. 蓝港公司', id: 'blue-harbour' }
  return {
    origin: host.origin,
    office: await publish(
      '/office/.well-known/agent.json',
      'AI 办公助手 Office Assistant',
      blueHarbour,
    ),
    minutes: await publish('/minutes/.well-known/agent.json', 'Meeting Minutes', blueHarbour),
    stranger: await publish('/stranger/.well-known/agent.json', 'Helpful Helper', {
      name: 'Somebody',
      id: 'somebody',
    }),
    close: host.close,
  }
}

async function createAgent(
  agentId: string,
  name: string,
  developer: HostedAgent['developer'],
): Promise<Published> {
  const { privateKeyPem, publicJwk } = await createAgentKey()
  const key = await readAgentKey(privateKeyPem)
  return {
    agent: { agentId, name, developer, key },
    document: createIdentityDocument({ agentId, name, developer, publicJwk }),
  }
}
