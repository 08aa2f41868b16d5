import { listenOnLoopback, sendJson } from './listen.ts'

/** An agent with a published identity. The private key stays in this process. */
export interface HostedAgent {
  /** URL of its identity document, which is its name everywhere. */
  readonly agentId: string
  readonly name: string
  readonly developer: { readonly name: string; readonly id: string }
  readonly key: CryptoKey
  readonly keyId: string
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
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const keyId = 'demo-1'
  return {
    agent: { agentId, name, developer, key: pair.privateKey, keyId },
    document: {
      ath_version: '0.1',
      agent_id: agentId,
      name,
      developer,
      public_key: { kty, crv, x, y, kid: keyId, alg: 'ES256', use: 'sig' },
    },
  }
}
