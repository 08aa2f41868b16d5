import net from 'node:net'
import { percentile } from '../statistics.ts'
import { readSettings, tell } from '../settings.ts'
import { type Target, writeHead } from './request.ts'

/** Holds many event streams open and counts what comes while the window is open. */
export interface StreamsSettings extends Target {
  readonly streams: number
  readonly seconds: number
}
export interface StreamsResult {
  readonly events: number
  readonly seconds: number
  readonly p50Microseconds: number
}

const settings = readSettings<StreamsSettings>()
const head = writeHead(settings, 0, 'Accept: text/event-stream\r\n')
const eventForm = /data: (\d+) [^\n]*\n\n/g
const delays: number[] = []
let counting = false

/** Resolves with the first event. */
function open(): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: settings.port, host: '127.0.0.1', noDelay: true })
    let rest = ''
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`a stream ended:\n${rest}`)))
    socket.on('connect', () => socket.write(head))
    socket.on('data', (chunk: Buffer) => {
      const text = rest + chunk.toString('latin1')
      let end = 0
      for (const event of text.matchAll(eventForm)) {
        end = event.index + event[0].length
        if (counting)
          delays.push(Number(process.hrtime.bigint() - BigInt(event[1] as string)) / 1000)
        resolve(socket)
      }
      rest = text.slice(end).slice(-512)
    })
  })
}

const sockets: net.Socket[] = []
// A few at a time: a full backlog would make some wait a second.
while (sockets.length < settings.streams)
  sockets.push(
    ...(await Promise.all(
      Array.from({ length: Math.min(50, settings.streams - sockets.length) }, open),
    )),
  )
tell({ open: sockets.length })
counting = true
const startedAt = performance.now()
await new Promise((resolve) => setTimeout(resolve, settings.seconds * 1000))
counting = false
const seconds = (performance.now() - startedAt) / 1000
const sorted = delays.sort((a, b) => a - b)
const result: StreamsResult = {
  events: sorted.length,
  seconds,
  p50Microseconds: percentile(sorted, 0.5),
}
tell(result)
for (const socket of sockets) socket.removeAllListeners('close').destroy()
