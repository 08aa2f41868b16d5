import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createIdentityDocument } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { readDuration } from '../flags.ts'
import { mask } from '../output/shown.ts'
import type { RunContext } from '../run-context.ts'
import { findSettingValue } from '../setting-source.ts'
import { findDeveloper, openAgent, requireKey } from '../settings.ts'
import { writeConfig } from '../state/config-file.ts'
import { UsageError } from '../usage-error.ts'

const documentPath = '/.well-known/agent.json'
const defaultPort = 7085

export const agent: CommandSpec = {
  usage: 'agent',
  summary: 'The agent’s published identity and its credentials.',
  examples: [
    'athx agent init --id https://agent.example/.well-known/agent.json --name "Office agent"',
    'athx agent init --serve',
    'athx agent rotate',
  ],
  next: 'athx doctor',
  commands: [
    {
      usage: 'init',
      summary: 'Write agent.json, with the public key only, to be served at the agent id.',
      examples: [
        'athx agent init --id https://agent.example/.well-known/agent.json --name "Office agent"',
        'athx agent init --id https://agent.example/.well-known/agent.json --out public/agent.json',
        'athx agent init --serve --port 7085',
      ],
      next: 'serve it at the agent id, then: athx doctor',
      options: (command) => {
        command
          .option('--id <url>', 'the agent id: where the document will be served')
          .option('--name <name>', 'what people call the agent')
          .option('--dev-name <name>', 'who answers for the agent')
          .option('--dev-id <id>', 'their id')
          .option('--out <file>', 'where to write it (default agent.json)')
          .option('--serve', 'serve it on this machine, for development')
          .option('--port <number>', `for --serve (default ${defaultPort}; 0 is any)`)
      },
      run: initAgent,
    },
    {
      usage: 'rotate',
      summary: 'Get a new client secret with the agent’s key.',
      examples: [
        'athx agent rotate',
        'athx agent rotate --overlap 10m',
        'athx agent rotate --client-id ath_abc',
      ],
      next: 'athx status',
      options: (command) => {
        command
          .option('--overlap <duration>', 'how long the old secret still works (default 0)')
          .option('--client-id <id>', 'where nothing was kept here')
          .option('--reveal', 'print the secret in clear')
      },
      run: async (context) => {
        const { flags, io, out } = context
        const { client, profile } = await openAgent(context)
        const overlap = flags.text('overlap')
        const fresh = await client.rotateSecret({
          clientId: flags.text('clientId'),
          signal: io.interrupted,
          ...(overlap ? { overlapSeconds: Math.round(readDuration(overlap, '--overlap')) } : {}),
        })
        await profile.keepRegistration({
          ...(await profile.registration()),
          gateway: client.gateway,
          agentId: client.agentId,
          ...fresh,
        })
        const { clientId, clientSecret } = fresh
        const secret = flags.on('reveal') ? clientSecret : mask(clientSecret)
        await out.result(
          { client_id: clientId, client_secret: secret },
          `client  ${clientId}\nsecret  ${secret}`,
        )
        out.say(`kept in ${profile.directory}`)
      },
    },
  ],
}

async function initAgent(context: RunContext): Promise<void> {
  const { flags, home, config, out } = context
  const { publicJwk } = await requireKey(context)
  const serve = flags.on('serve')
  const server = serve ? await listen(readPort(flags.text('port'))) : undefined
  const given = flags.text('id') ?? (serve ? undefined : findSettingValue(context, 'agent-id'))
  const agentId = given ?? (server ? `${server.origin}${documentPath}` : undefined)
  if (agentId === undefined)
    throw new UsageError(
      'no agent id was given',
      `add --id https://<your domain>${documentPath}, or --serve for development`,
    )
  try {
    const document = createIdentityDocument({
      agentId,
      name: flags.text('name') ?? new URL(agentId).hostname,
      developer: findDeveloper(context, agentId),
      publicJwk,
    })
    const text = `${JSON.stringify(document, null, 2)}\n`
    const path = flags.text('out') ?? (serve ? undefined : 'agent.json')
    if (path) await writeFile(path, text)
    if (config.settings['agent-id'] === undefined || serve)
      await writeConfig(home, { ...config, settings: { ...config.settings, 'agent-id': agentId } })
    await out.result(
      { agent_id: agentId, path, document },
      `agent id  ${agentId}${path ? `\nwrote     ${path}` : ''}`,
    )
    if (!server) {
      out.say(
        `serve it at ${agentId} with \`Cache-Control: max-age=300\`; the private key stays here`,
      )
      return
    }
    out.say('serving until Ctrl-C; gateways take http only on this machine and in development')
    server.publish(text)
    await once(context.io.interrupted, 'abort')
  } finally {
    server?.close()
  }
}

/** A loopback server for one document. */
async function listen(port: number) {
  let text = ''
  const server = createServer((request, response) => {
    const found = request.url === documentPath && request.method === 'GET' && text !== ''
    response.writeHead(found ? 200 : 404, {
      'content-type': 'application/json',
      'cache-control': 'max-age=300',
    })
    response.end(found ? text : '{}')
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `cannot listen on port ${port}: ${error.code}`,
      'name another with --port, or stop the one that serves there already',
    )
  })
  const { port: got } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${got}`,
    publish: (document: string) => {
      text = document
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function readPort(text: string | undefined): number {
  const port = text === undefined ? defaultPort : Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new UsageError(`not a port: ${text}`, 'write a number up to 65535')
}
