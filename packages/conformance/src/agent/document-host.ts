import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Agent, type AgentKey, createAgentKey, documentOf } from './agent.ts'

/** How a document is served. */
export interface Hosting {
  /** Members to replace; `undefined` leaves one out. */
  readonly changes?: Readonly<Record<string, unknown>>
  /** `absent`: 404. `silent`: the connection is taken and nothing is ever said. Default `served`. */
  readonly manner?: 'served' | 'absent' | 'silent'
  /** Default `/.well-known/agent.json`. */
  readonly path?: string
}

export interface HostedAgent extends Agent {
  /** How often its document was fetched. */
  fetches(): number
  /** Publishes another key from now on. */
  publish(key: AgentKey): void
}

/** Serves the identity documents of test agents, each at an address of its own, so that no run meets agents of another. */
export interface DocumentHost {
  readonly url: string
  create(hosting?: Hosting): Promise<HostedAgent>
  close(): Promise<void>
}

export interface DocumentHostOptions {
  /** Address to listen on. */
  readonly host: string
  /** 0 for any. */
  readonly port: number
  /** Base URL by which the subject reaches it. Default: `http://<host>:<port>`. */
  readonly publicUrl?: string
}

export async function openDocumentHost(options: DocumentHostOptions): Promise<DocumentHost> {
  const run = randomBytes(4).toString('hex')
  const answers = new Map<string, (response: ServerResponse) => void>()
  const server = createServer((request, response) => {
    const answer = answers.get(new URL(request.url ?? '/', 'http://host').pathname)
    if (answer) answer(response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  server.unref()
  const { port } = server.address() as AddressInfo
  const url = (options.publicUrl ?? `http://${options.host}:${port}`).replace(/\/$/, '')
  const prefix = new URL(url).pathname.replace(/\/$/, '')
  let count = 0
  return {
    url,
    async create({ changes = {}, manner = 'served', path = '/.well-known/agent.json' } = {}) {
      const place = `/${run}-${++count}${path}`
      const agent: Agent = { id: `${url}${place}`, key: await createAgentKey() }
      let published = agent.key
      let fetches = 0
      answers.set(`${prefix}${place}`, (response) => {
        fetches++
        if (manner === 'silent') return
        if (manner === 'absent') return void response.writeHead(404).end()
        response.setHeader('content-type', 'application/json')
        response.setHeader('cache-control', 'max-age=300')
        response.end(
          JSON.stringify({ ...documentOf({ id: agent.id, key: published }), ...changes }),
        )
      })
      return { ...agent, fetches: () => fetches, publish: (key) => void (published = key) }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
