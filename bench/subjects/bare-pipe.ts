import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { readSettings, tell } from '../settings.ts'

/** The reverse proxy that everybody writes first: `http.request` with a keep-alive agent, and two pipes. */
const { upstream } = readSettings<{ readonly upstream: string }>()
const { hostname, port } = new URL(upstream)
const agent = new http.Agent({ keepAlive: true })

const server = http.createServer((request, response) => {
  const { method, url, headers } = request
  const sent = http.request({ hostname, port, agent, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode as number, answer.rawHeaders)
    answer.pipe(response)
  })
  sent.on('error', () => response.destroy())
  request.pipe(sent)
})

server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }))
