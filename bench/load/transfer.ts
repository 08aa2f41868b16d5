import net from 'node:net'
import { readSettings, tell } from '../settings.ts'
import { type Target, writeHead } from './request.ts'

/** One long body, down or up. `target.path` names it. */
export interface TransferSettings extends Target {
  readonly direction: 'down' | 'up'
  readonly bytes: number
}
export interface TransferResult {
  readonly seconds: number
}

const settings = readSettings<TransferSettings>()
const block = Buffer.alloc(64 * 1024, 'x')
const socket = net.connect({ port: settings.port, host: '127.0.0.1', noDelay: true })
const startedAt = performance.now()
let received = 0
let text = ''

function upload(): void {
  socket.write(
    writeHead(
      settings,
      0,
      `Content-Type: text/csv\r\nContent-Length: ${settings.bytes}\r\n`,
      'POST',
    ),
  )
  let left = settings.bytes
  const send = (): void => {
    while (left > 0) {
      const chunk = left >= block.length ? block : block.subarray(0, left)
      left -= chunk.length
      if (!socket.write(chunk)) {
        socket.once('drain', send)
        return
      }
    }
  }
  send()
}

await new Promise<void>((resolve, reject) => {
  socket.on('error', reject)
  socket.on('close', () => reject(new Error(`cut off after ${received} bytes:\n${text}`)))
  socket.on('connect', () => {
    if (settings.direction === 'up') upload()
    else socket.write(writeHead(settings, 0))
  })
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (text.length < 4096) text += chunk.toString('latin1', 0, 4096)
    if (!text.startsWith('HTTP/1.1 200 ')) reject(new Error(text))
    // The sink answers with how much it got; down, the head comes on top of the body.
    else if (settings.direction === 'up' ? text.includes(String(settings.bytes)) : isAllHere())
      resolve()
  })
})

function isAllHere(): boolean {
  return received >= settings.bytes + text.indexOf('\r\n\r\n') + 4
}

const result: TransferResult = { seconds: (performance.now() - startedAt) / 1000 }
socket.removeAllListeners('close').destroy()
tell(result)
