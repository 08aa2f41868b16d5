import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type Failure, renderProblem } from '@ath-protocol/types'
import type { Listen } from '../config/config.ts'
import { createClientAddress } from './client-address.ts'
import type { ControlPlane } from './control-plane.ts'
import type { DataPath } from './data-path.ts'
import type { Health } from './health.ts'
import { refuse } from './refuse.ts'
import { type Routes, route } from './routes.ts'

export interface ListenerOptions {
  readonly listen: Listen
  readonly dataPath: DataPath
  readonly control: ControlPlane
  readonly health: Health
  /** Whether callers reach us by https, here or at a proxy before us. */
  readonly secure: boolean
  readonly report?: (cause: unknown, recordId: string | undefined) => void
}

export interface Listener {
  /** `http://127.0.0.1:port`, as bound. */
  readonly url: string
  readonly port: number
  /**
   * Stops taking calls, lets those in flight finish for up to `drainSeconds`, then ends them. Resolves when the last
   * connection is gone.
   */
  close(): Promise<void>
}

/** Time for a request's head. Bodies have their own: the control plane 30 s, the proxy 60 s of silence. */
const headSeconds = 15
const idleConnectionSeconds = 65

export function openListener(options: ListenerOptions): Promise<Listener> {
  const { listen, dataPath } = options
  const routes: Routes = {
    ...options,
    address: createClientAddress(listen.trustedProxies),
    draining: false,
  }
  const settings: http.ServerOptions = {
    maxHeaderSize: listen.maxHeaderBytes,
    headersTimeout: headSeconds * 1000,
    // A body may take as long as it moves: a stream is no attack.
    requestTimeout: 0,
    connectionsCheckingInterval: 5000,
    keepAliveTimeout: idleConnectionSeconds * 1000,
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
  }
  const server = listen.tls
    ? https.createServer({
        ...settings,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
        cert: readFileSync(listen.tls.certFile),
        key: readFileSync(listen.tls.keyFile),
        ...(listen.tls.clientCaFile === undefined
          ? {}
          : {
              ca: readFileSync(listen.tls.clientCaFile),
              requestCert: true,
              rejectUnauthorized: true,
            }),
      })
    : http.createServer(settings)
  server.on('request', (request, response) => route(routes, request, response, false))
  server.on('checkContinue', (request, response) => route(routes, request, response, true))
  server.on('checkExpectation', (request, response) => {
    const problem = 'the only expectation understood is `100-continue`'
    refuse(
      request,
      response,
      { reason: 'request_malformed', errors: [{ path: '', problem }] },
      undefined,
    )
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerBroken(error, socket, listen.maxHeaderBytes),
  )
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject)
      const { address, port, family } = server.address() as AddressInfo
      const host = family === 'IPv6' ? `[${address}]` : address
      resolve({
        url: `${listen.tls ? 'https' : 'http'}://${host}:${port}`,
        port,
        close: () => close(server, routes, dataPath, listen.drainSeconds),
      })
    })
  })
}

/** What the parser refused never became a request; the answer is written by hand. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket, maxHeaderBytes: number): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const failure: Failure =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? { reason: 'headers_over_limit', limitBytes: maxHeaderBytes }
      : {
          reason: 'request_malformed',
          errors: [{ path: '', problem: 'the request is not valid HTTP/1.1' }],
        }
  const { status, headers, body } = renderProblem(failure)
  const text = JSON.stringify(body)
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${head.join('')}` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}

async function close(
  server: http.Server | https.Server,
  routes: Routes,
  dataPath: DataPath,
  drainSeconds: number,
): Promise<void> {
  routes.draining = true
  dataPath.drain()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  const end = setTimeout(() => {
    dataPath.stop()
    // What was stopped had its answer or its broken end; nobody else is waited for.
    setImmediate(() => server.closeAllConnections())
  }, drainSeconds * 1000)
  await closed
  clearInterval(idle)
  clearTimeout(end)
}
