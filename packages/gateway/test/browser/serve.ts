import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AthAnswer, AthCall } from '@ath-protocol/server'

export interface Served {
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  listen(handle: RequestListener): void
  close(): Promise<void>
}

/** A loopback server whose handler may be made after its port is known. */
export async function serve(handle?: RequestListener): Promise<Served> {
  let current = handle
  const server = createServer((request, response) => current?.(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    listen: (later) => {
      current = later
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Feeds a real request to what answers calls; 404 for what nobody answers. */
export function answering(
  answer: (call: AthCall) => Promise<AthAnswer | undefined>,
): RequestListener {
  return (request, response) => {
    readCall(request)
      .then(answer)
      .then((answered) => {
        const { status, headers, body } = answered ?? { status: 404, headers: {}, body: '' }
        response.writeHead(status, headers as Record<string, string | string[]>).end(body)
      })
      .catch((thrown: unknown) => response.writeHead(500).end(String(thrown)))
  }
}

async function readCall(request: IncomingMessage): Promise<AthCall> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const url = new URL(request.url ?? '/', 'http://gateway')
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]),
    ),
    body: Buffer.concat(chunks),
    ip: '127.0.0.1',
  }
}
