import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'

/** One call to a vendor's counterpart. */
export interface VendorRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface VendorAnswer {
  readonly status?: number
  /** An object is sent as JSON, a string as HTML. */
  readonly body: object | string
  readonly location?: string
}

/** The local counterpart of a vendor, on a real socket. */
export interface VendorServer {
  readonly origin: string
  /** `down` answers 503, `silent` takes the call and never answers. */
  mode: 'up' | 'down' | 'silent'
  /** How many calls came, whatever became of them. */
  calls: number
  /** What callers did wrong, in the order of their calls. */
  readonly faults: string[]
  close(): Promise<void>
}

/** `answer` returns undefined for what the vendor does not have. */
export async function openVendorServer(
  answer: (request: VendorRequest) => VendorAnswer | undefined | Promise<VendorAnswer | undefined>,
): Promise<VendorServer> {
  const server = createServer((request, response) => {
    void handle(request, response)
  })
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://vendor')
    const body = await readText(request)
    // People go on reading what came, whatever becomes of the API.
    const isPage = request.method === 'GET' && url.pathname === '/'
    if (!isPage) opened.calls++
    if (!isPage && opened.mode === 'silent') return
    if (!isPage && opened.mode === 'down') return send(response, { status: 503, body: 'down' })
    const found = await answer({
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
    })
    if (!found) opened.faults.push(`${request.method} ${url.pathname}: there is no such thing`)
    send(response, found ?? { status: 404, body: {} })
  }
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const opened: VendorServer = {
    origin: `http://127.0.0.1:${port}`,
    mode: 'up',
    calls: 0,
    faults: [],
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
  return opened
}

function send(response: ServerResponse, { status = 200, body, location }: VendorAnswer): void {
  const isHtml = typeof body === 'string'
  response.writeHead(status, {
    'content-type': isHtml ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    ...(isHtml
      ? { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" }
      : {}),
    ...(location === undefined ? {} : { location }),
  })
  response.end(isHtml ? body : JSON.stringify(body))
}

/** A JSON body, or undefined when it is none or its type does not say so. */
export function jsonBody({ headers, body }: VendorRequest): Record<string, unknown> | undefined {
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? '')) return undefined
  try {
    return asRecord(JSON.parse(body))
  } catch {
    return undefined
  }
}

export const asRecord = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined

export const asList = (value: unknown): readonly Record<string, unknown>[] =>
  (Array.isArray(value) ? value : []).map((one) => asRecord(one) ?? {})

export const escapeText = (value: unknown): string =>
  String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** The page on which a person sees what came, the newest first, and presses a button. */
export function messagePage(title: string, cards: readonly string[]): VendorAnswer {
  const list = cards.length === 0 ? '<p>No messages yet.</p>' : cards.toReversed().join('\n')
  return {
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="refresh" content="3"><title>${escapeText(title)}</title><style>${style}</style></head>
<body><h1>${escapeText(title)}</h1>${list}</body></html>`,
  }
}

const style = `body{font:15px/1.5 sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;background:#f4f5f7;color:#1d1c1d}
h1{font-size:1rem;color:#5a5f66}h2{font-size:1.1rem;margin:0 0 .5rem}
article{background:#fff;border:1px solid #d5d8dc;border-radius:10px;padding:1rem 1.2rem;margin:1rem 0}
p{margin:0;white-space:pre-line;overflow-wrap:anywhere}p.label{font-weight:600;font-size:.85rem;color:#5a5f66;margin-top:.5rem}
.buttons{display:flex;gap:.6rem;margin-top:1rem}button,a.button{font:inherit;color:inherit;text-decoration:none;background:#fff;border:1px solid #999;border-radius:6px;padding:.4rem 1.1rem;cursor:pointer}`

/** A line of a message; what the vendor would show in bold is a label. */
export interface CardLine {
  readonly text: string
  readonly isLabel?: boolean
}

export interface CardButton {
  readonly label: string
  /** Opens a page, or presses. */
  readonly url?: string
  readonly press?: { readonly message: string; readonly action: string }
}

export function messageCard(
  [title, ...lines]: readonly CardLine[],
  buttons: readonly CardButton[],
): string {
  const shown = buttons.map(({ label, url, press }) =>
    press
      ? `<form method="post" action="/press"><input type="hidden" name="message" value="${escapeText(press.message)}"><button name="action" value="${escapeText(press.action)}">${escapeText(label)}</button></form>`
      : `<a class="button" href="${escapeText(url)}">${escapeText(label)}</a>`,
  )
  const rows = lines.map(
    ({ text, isLabel }) => `<p${isLabel ? ' class="label"' : ''}>${escapeText(text)}</p>`,
  )
  return `<article><h2>${escapeText(title?.text)}</h2>${rows.join('\n')}<div class="buttons">${shown.join('')}</div></article>`
}
