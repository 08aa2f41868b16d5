import net from 'node:net'
import { percentile } from '../statistics.ts'
import { readSettings, tell } from '../settings.ts'
import { createAnswerReader } from './answers.ts'
import { type Target, writeHead } from './request.ts'

/** Asks at a fixed rate, evenly spaced, on one connection. */
export interface PacedSettings extends Target {
  readonly ratePerSecond: number
  readonly seconds: number
}
export interface PacedResult {
  readonly requests: number
  readonly p50Microseconds: number
  readonly p99Microseconds: number
}

const settings = readSettings<PacedSettings>()
const head = Buffer.from(writeHead(settings, 0))
const total = Math.round(settings.ratePerSecond * settings.seconds)
const warmUp = Math.round(settings.ratePerSecond / 2)
const took = new Float64Array(total)
const reader = createAnswerReader()
const socket = net.connect({ port: settings.port, host: '127.0.0.1', noDelay: true })

/**
 * A request's time counts from the moment it was due, also when the connection was still busy with the one before: a
 * slow answer is not hidden by the requests that it held up. What the generator's own timer is late by does not count.
 */
const due: number[] = []
let noticed = 0
let answered = 0
let inFlight: number | undefined
let firstDueAt = 0

function tick(): void {
  const now = performance.now()
  const wanted = Math.floor(((now - firstDueAt) * settings.ratePerSecond) / 1000)
  for (; noticed < wanted && noticed < warmUp + total; noticed++) due.push(now)
  send()
  if (noticed < warmUp + total) setTimeout(tick, 1)
}

function send(): void {
  if (inFlight !== undefined) return
  inFlight = due.shift()
  if (inFlight !== undefined) socket.write(head)
}

await new Promise<void>((resolve, reject) => {
  socket.on('error', reject)
  socket.on('connect', () => {
    firstDueAt = performance.now()
    tick()
  })
  socket.on('data', (chunk: Buffer) => {
    if (reader.read(chunk) === 0) return
    if (answered >= warmUp) took[answered - warmUp] = performance.now() - (inFlight as number)
    inFlight = undefined
    if (++answered === warmUp + total) resolve()
    else send()
  })
})
socket.destroy()
took.sort()
const result: PacedResult = {
  requests: total,
  p50Microseconds: percentile(took, 0.5) * 1000,
  p99Microseconds: percentile(took, 0.99) * 1000,
}
tell(result)
