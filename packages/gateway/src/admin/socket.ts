import { chmodSync, mkdirSync, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { type AthAnswer, type AthCall, jsonAnswer } from '@ath-protocol/server'
import type { AdminApi } from './api.ts'

/** Where a gateway listens for its operators. */
export const adminSocketPath = (dataDir: string) => join(dataDir, 'admin.sock')

/** The kernel's limit for a socket's path (`sun_path`), less its final zero. */
const maxSocketPathBytes = 107
const maxBodyBytes = 65_536

/** Another gateway runs on this data folder. */
export class DataDirInUse extends Error {}

/**
 * Serves the admin API on a Unix socket that only this user (and root) can open: the folder is 0700 before the socket
 * exists, the socket itself 0600. A socket left behind by a crash is replaced; one that answers is not.
 */
export async function openAdminSocket(
  dataDir: string,
  api: AdminApi,
  report: (cause: unknown) => void,
): Promise<{ close(): Promise<void> }> {
  const path = adminSocketPath(dataDir)
  if (Buffer.byteLength(path) > maxSocketPathBytes)
    throw new Error(`the path of the admin socket is over ${maxSocketPathBytes} bytes: ${path}`)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  chmodSync(dirname(path), 0o700)
  if (await answers(path)) throw new DataDirInUse(`another gateway runs on ${dataDir}`)
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const server = createServer((incoming, outgoing) => {
    serve(api, incoming, outgoing).catch((cause: unknown) => {
      report(cause)
      send(outgoing, jsonAnswer(500, { problem: 'the gateway failed; its log says why' }))
    })
  })
  server.requestTimeout = 10_000
  server.maxConnections = 64
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(path, done)
  })
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      done(true)
    })
    probe.once('error', () => done(false))
  })
}

async function serve(
  api: AdminApi,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes)
      return send(outgoing, jsonAnswer(413, { problem: 'the request is too long' }))
    chunks.push(chunk)
  }
  const target = incoming.url ?? '/'
  const cut = target.indexOf('?')
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, value?.toString()]),
  )
  send(
    outgoing,
    await api({
      method: incoming.method ?? 'GET',
      path: cut < 0 ? target : target.slice(0, cut),
      query: new URLSearchParams(cut < 0 ? '' : target.slice(cut + 1)),
      headers,
      body: Buffer.concat(chunks),
      ip: 'local',
    }),
  )
}

function send(outgoing: ServerResponse, answer: AthAnswer): void {
  if (outgoing.headersSent) return
  outgoing.writeHead(answer.status, answer.headers as Record<string, string>)
  outgoing.end(answer.body)
}

/** The admin API of a running gateway, through its socket. Rejects with the socket's error when there is none. */
export function overSocket(dataDir: string): AdminApi {
  return (call: AthCall) =>
    new Promise((done, failed) => {
      const query = call.query.size > 0 ? `?${call.query}` : ''
      const outgoing = request(
        {
          socketPath: adminSocketPath(dataDir),
          method: call.method,
          path: `${call.path}${query}`,
          headers: { ...call.headers, 'content-length': String(call.body.length) },
          timeout: 10_000,
          agent: false,
        },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.once('error', failed)
          incoming.once('end', () =>
            done({
              status: incoming.statusCode ?? 500,
              headers: {},
              body: Buffer.concat(chunks).toString('utf8'),
            }),
          )
        },
      )
      outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 10 s')))
      outgoing.once('error', failed)
      outgoing.end(call.body)
    })
}
