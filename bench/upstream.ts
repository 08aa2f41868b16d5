import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { readSettings, tell } from './settings.ts'

/**
 * The system behind all proxies. Short answers come from a server that looks for nothing but the end of a head, since
 * with a slower one it would be the upstream that is measured; streams and bodies from an ordinary one.
 */
const body = JSON.stringify({ rows: 'x'.repeat(1024 - 11) })
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: ${new Date().toUTCString()}\r\n` +
    `ETag: "1"\r\nCache-Control: no-store\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
)
const endOfHead = Buffer.from('\r\n\r\n')

const short = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  let partial = false
  socket.on('data', (chunk: Buffer) => {
    // No proxy sends a second request before the answer to the first.
    partial = !chunk.subarray(-4).equals(endOfHead)
    if (!partial) socket.write(answer)
  })
})

const block = Buffer.alloc(64 * 1024, 'x')

const long = http.createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://upstream')
  const number = (name: string) => Number(url.searchParams.get(name))
  if (url.pathname === '/events') sendEvents(response, number('rate'))
  else if (url.pathname === '/bytes') sendBytes(response, number('count'))
  else takeBytes(request, response)
})

function sendEvents(response: http.ServerResponse, rate: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.flushHeaders()
  const startedAt = performance.now()
  let sent = 0
  // By the clock: a timer that fires late each time would send fewer than promised.
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) * rate) / 1000
    for (; sent < due; sent++)
      response.write(`data: ${process.hrtime.bigint()} ${'x'.repeat(80)}\n\n`)
  }, 1000 / rate)
  response.on('close', () => clearInterval(timer))
}

function sendBytes(response: http.ServerResponse, count: number): void {
  response.writeHead(200, { 'content-type': 'text/csv', 'content-length': count })
  let left = count
  const send = (): void => {
    while (left > 0) {
      const chunk = left >= block.length ? block : block.subarray(0, left)
      left -= chunk.length
      if (!response.write(chunk)) {
        response.once('drain', send)
        return
      }
    }
    response.end()
  }
  send()
}

function takeBytes(request: http.IncomingMessage, response: http.ServerResponse): void {
  let count = 0
  request.on('data', (chunk: Buffer) => {
    count += chunk.length
  })
  request.on('end', () => response.end(String(count)))
}

const listen = (server: net.Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

readSettings()
tell({ short: await listen(short), long: await listen(long) })
