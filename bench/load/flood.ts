import net from 'node:net'
import { readSettings, tell } from '../settings.ts'
import { createAnswerReader } from './answers.ts'
import { type Target, writeHead } from './request.ts'

/** Asks as fast as answers come, on every connection, for so many seconds or requests. */
export interface FloodSettings extends Target {
  readonly connections: number
  readonly seconds?: number
  readonly requests?: number
}
export interface FloodResult {
  readonly requests: number
  readonly seconds: number
}

const settings = readSettings<FloodSettings>()
const { connections, seconds = Number.POSITIVE_INFINITY } = settings
const most = settings.requests ?? Number.POSITIVE_INFINITY
// Made ahead where there are few: the generator must cost less than what it measures.
const heads =
  settings.tokens <= 1000
    ? Array.from({ length: settings.tokens }, (_, index) => Buffer.from(writeHead(settings, index)))
    : undefined
let sent = 0
let done = 0
const startedAt = performance.now()
const endsAt = startedAt + seconds * 1000

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = createAnswerReader()
    const socket = net.connect({ port: settings.port, host: '127.0.0.1', noDelay: true })
    const next = (): void => {
      if (sent >= most || performance.now() >= endsAt) socket.end()
      else {
        const index = sent++
        socket.write(heads?.[index % heads.length] ?? writeHead(settings, index))
      }
    }
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (chunk: Buffer) => {
      for (let left = reader.read(chunk); left > 0; left--) {
        done++
        next()
      }
    })
  })
}

await Promise.all(Array.from({ length: connections }, open))
const result: FloodResult = { requests: done, seconds: (performance.now() - startedAt) / 1000 }
tell(result)
