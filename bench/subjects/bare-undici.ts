import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Dispatcher, Pool } from 'undici'
import { readSettings, tell } from '../settings.ts'

/**
 * What a Node reverse proxy costs that checks nothing: `node:http` in front, undici's `dispatch` behind, the least
 * header work that still is a proxy, and small answers sent in one piece.
 */
const { upstream } = readSettings<{ readonly upstream: string }>()
const pool = new Pool(upstream, { pipelining: 1, bodyTimeout: 0 })
const ownHeaders = new Set(['host', 'connection', 'transfer-encoding', 'content-length'])

const server = http.createServer((request, response) => {
  const headers: string[] = []
  const { rawHeaders } = request
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (!ownHeaders.has((rawHeaders[index] as string).toLowerCase()))
      headers.push(rawHeaders[index] as string, rawHeaders[index + 1] as string)
  const hasBody =
    request.headers['content-length'] !== undefined ||
    request.headers['transfer-encoding'] !== undefined
  pool.dispatch(
    {
      path: request.url as string,
      method: request.method as Dispatcher.HttpMethod,
      headers,
      body: hasBody ? request : null,
    },
    answerWith(response),
  )
})

function answerWith(response: http.ServerResponse): Dispatcher.DispatchHandler {
  let length: string | undefined
  let whole: Buffer | undefined
  return {
    onRequestStart() {},
    onResponseStart(controller, status, headers) {
      const list: string[] = []
      for (const name in headers) {
        const value = headers[name]
        if (name === 'connection' || name === 'keep-alive' || name === 'transfer-encoding') continue
        if (typeof value === 'string') list.push(name, value)
        else for (const one of value ?? []) list.push(name, one)
      }
      length = headers['content-length'] as string | undefined
      response.writeHead(status, list)
      response.on('drain', () => controller.resume())
      if (length === undefined) response.flushHeaders()
    },
    onResponseData(controller, chunk) {
      // A short body comes in one piece, and leaves with its head in one piece.
      if (String(chunk.length) === length) whole = chunk
      else if (!response.write(chunk)) controller.pause()
    },
    onResponseEnd() {
      response.end(whole)
    },
    onResponseError() {
      response.destroy()
    },
  }
}

server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }))
