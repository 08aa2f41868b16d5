import type { IncomingMessage, ServerResponse } from 'node:http'
import { openUndiciUpstream } from '../../packages/gateway/src/adapters/undici/upstream.ts'
import type { CallContext, DataPath } from '../../packages/gateway/src/listener/data-path.ts'
import { openListener } from '../../packages/gateway/src/listener/listener.ts'
import { UpstreamAnswer } from '@ath-protocol/server/parts'
import { readSettings, tell } from '../settings.ts'

/**
 * The gateway's own listener and transport with nothing between them: no token, no scope, no header rules, no record.
 * What the proxied call costs above this is the story's.
 */
const { upstream } = readSettings<{ readonly upstream: string }>()
const transport = openUndiciUpstream({
  origin: new URL(upstream),
  connectTimeoutSeconds: 5,
  headersTimeoutSeconds: 30,
  idleTimeoutSeconds: 300,
})
const ownHeaders = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])
const prefix = '/ath/proxy/bench'

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { target }: CallContext,
): Promise<void> {
  const answer = new UpstreamAnswer()
  answer.carriedBy(
    transport.dispatch(
      {
        method: request.method as string,
        path: target.slice(prefix.length),
        headers: without(request.rawHeaders),
        body: undefined,
        longLived: false,
      },
      answer,
    ),
  )
  const head = await answer.head
  if (!head.ok) {
    response.destroy()
    return
  }
  response.writeHead(answer.status, without(answer.headers, 'content-length'))
  const whole = answer.complete()
  if (whole) {
    response.end(whole.body)
    return
  }
  response.on('drain', () => answer.resume())
  answer.pipe({
    data: (chunk) => response.write(chunk),
    ended: () => void response.end(),
    failed: () => void response.destroy(),
  })
}

function without(raw: readonly string[], kept?: string): string[] {
  const list: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase()
    if (name === kept || !ownHeaders.has(name))
      list.push(raw[index] as string, raw[index + 1] as string)
  }
  return list
}

const dataPath: DataPath = {
  handle: (request, response, context) => void handle(request, response, context),
  shortPaths: new Set(),
  live: {
    tokenRevoked: () => {},
    grantRevoked: () => {},
    agentChanged: () => {},
    storesChanged: async () => {},
  },
  inFlight: 0,
  drain: () => {},
  stop: () => {},
  close: async () => {},
}

const listener = await openListener({
  listen: {
    host: '127.0.0.1',
    port: 0,
    trustedProxies: [],
    drainSeconds: 1,
    maxHeaderBytes: 16_384,
  },
  dataPath,
  control: async () => undefined,
  health: { missing: () => [] },
  secure: false,
})
tell({ port: listener.port })
