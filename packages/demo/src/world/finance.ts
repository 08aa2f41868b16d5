import { createHash, timingSafeEqual } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { ledgerChunks, ledgerBytes } from './ledger.ts'
import { listenOnLoopback, readBody, sendJson } from './listen.ts'
import { createReceivedLog, type Received } from './received.ts'

export interface Finance {
  readonly url: string
  readonly credentials: { readonly username: string; readonly password: string }
  readonly received: readonly Received[]
  /** Bytes of the ledger handed to the socket so far, by the newest download. */
  ledgerBytesSent(): number
  readonly ledgerBytes: number
  /** Payments that were made. A demo that goes well makes none. */
  readonly payments: readonly unknown[]
  close(): Promise<void>
}

/** The finance system of 2009: Basic auth, a big CSV export, one endpoint that hangs and one that breaks. */
export async function startFinance(options: { readonly password: string }): Promise<Finance> {
  const credentials = { username: 'svc-gateway', password: options.password }
  const log = createReceivedLog()
  const payments: unknown[] = []
  let sent = 0

  async function* pacedLedger() {
    for (const chunk of ledgerChunks()) {
      sent += chunk.length
      yield chunk
      // The report writer was never fast; without its pauses nobody could see that the export streams.
      await wait(2)
    }
  }

  const sendLedger = async (response: ServerResponse) => {
    sent = 0
    response.writeHead(200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="ledger-2025.csv"',
    })
    await pipeline(pacedLedger, response).catch(() => undefined)
  }

  const system = await listenOnLoopback(() => async (request, response) => {
    log.note(request)
    if (!isAuthorized(request.headers.authorization, credentials)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="finance"' }).end('log in first\n')
      return
    }
    const { pathname } = new URL(request.url ?? '/', 'http://finance')
    switch (`${request.method} ${pathname}`) {
      case 'GET /ledger.csv':
        return sendLedger(response)
      case 'GET /report/slow':
        // Never answers; the connection ends when the other side has had enough.
        return
      case 'GET /report/broken':
        request.socket.destroy()
        return
      case 'POST /payments': {
        const payment: unknown = JSON.parse(await readBody(request))
        payments.push(payment)
        return sendJson(response, 201, { id: `P-${payments.length}`, state: 'booked' })
      }
      default:
        response.writeHead(404, { 'content-type': 'text/plain' }).end('no such report\n')
    }
  })
  return {
    url: system.origin,
    credentials,
    received: log.entries,
    ledgerBytesSent: () => sent,
    ledgerBytes,
    payments,
    close: system.close,
  }
}

function isAuthorized(
  header: string | undefined,
  credentials: { readonly username: string; readonly password: string },
): boolean {
  const wanted = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(header ?? ''), digest(`Basic ${wanted}`))
}
