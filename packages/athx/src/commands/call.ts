import { createReadStream, createWriteStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { type CallInit, readGatewayRefusal } from '@ath-protocol/client'
import type { Command } from 'commander'
import { pathInApi } from '../api-path.ts'
import type { CommandSpec } from '../command-spec.ts'
import { type ExitCode, exitCodeOfStatus } from '../exit-code.ts'
import { findKeptHandshake, type KeptHandshake } from '../handshake-agent.ts'
import { report } from '../output/report.ts'
import { shown } from '../output/shown.ts'
import { localTime } from '../output/time-left.ts'
import type { RunContext } from '../run-context.ts'
import { readSecret } from '../secret-input.ts'
import { findPlace, type Place } from '../place.ts'
import { findSettingValue } from '../setting-source.ts'
import { openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { resumeKept } from './kept-session.ts'

const collect = (value: string, before: readonly string[] = []) => [...before, value]

const options = (command: Command) => {
  command
    .option('-d, --data <body>', 'the body: @file, - for stdin, or text')
    .option('--body <json>', 'the same, for JSON text')
    .option('-H, --header <line>', 'a header, as `Name: value`; may be repeated', collect)
    .option('-o, --output <file>', 'write the answer’s body there')
    .option('-i, --include', 'print status and headers first')
    .option('--token <source>', 'another token: - for stdin, or @file')
}

export const call: CommandSpec = {
  usage: 'call <provider> <method> [path]',
  synopsis: '[provider] <method> <path>',
  summary:
    'Call a service through the gateway, or an app that speaks ATH itself; the answer streams to stdout, byte for byte.',
  examples: [
    'athx call oa GET "/api/approvals?state=open"',
    'athx call crm POST /api/customers --data @customer.json -H "content-type: application/json"',
    'athx call GET /api/products --service http://localhost:3000',
  ],
  next: 'athx status · athx revoke <provider>',
  options,
  run: (context, words) => callService(context, words, 'direct'),
}

export const proxy: CommandSpec = {
  usage: 'proxy <provider> <method> [path]',
  synopsis: '[provider] <method> <path>',
  summary:
    'The same as `call`, under the name other ATH command lines use; at an app by its /ath/proxy path.',
  examples: [
    'athx proxy github GET /user/repos',
    'athx proxy crm POST /api/customers --body \'{"name":"Li"}\'',
    'athx proxy --mode native --service http://localhost:3000 shop GET /api/products',
  ],
  next: 'athx revoke --provider <id>',
  options,
  run: (context, words) => callService(context, words, 'proxy'),
}

async function callService(
  context: RunContext,
  words: readonly string[],
  way: 'direct' | 'proxy',
): Promise<ExitCode> {
  const { io, flags } = context
  const place = findPlace(context)
  const { provider, method, path } = readWords(words, place)
  const session = await (place.native
    ? openServiceSession(context, { provider, way })
    : openSession(context, provider ?? ''))
  const headers = readHeaders(flags.list('header'))
  const body = await readBody(context, headers)
  const response = await session.fetch(path, {
    method: method.toUpperCase(),
    headers,
    ...(body === undefined ? {} : { body }),
    signal: io.interrupted,
    // Said with --quiet, too: without it nobody would know for what the call waits.
    onStepUp: ({ confirmUrl, expiresAt }) =>
      io.stderr.write(
        `${shown(`confirm   ${confirmUrl}`)}\nwaiting   for the user, until ${localTime(expiresAt, io.now())} (Ctrl-C gives the call up)\n`,
      ),
  })
  const refusal = await readGatewayRefusal(response, { clock: io, timeoutSeconds: 10 })
  const target = flags.text('output')
  const sink = target ? createWriteStream(target) : io.stdout
  if (flags.on('include')) sink.write(renderHead(response))
  const last = await drain(response, sink, target !== undefined)
  // What follows, be it the prompt, begins on a line of its own.
  if (target === undefined && io.printsToTerminal && last !== undefined && last !== newline)
    io.stdout.write('\n')
  if (refusal) {
    // It does not come back: `status` need not go on showing it.
    if (refusal.code === 'TOKEN_REVOKED') await session.forget?.()
    return report(refusal, io, context.out.json)
  }
  const exitCode = exitCodeOfStatus(response.status)
  if (exitCode !== 0) context.out.say(`athx: the service answered ${response.status}`)
  return exitCode
}

function readWords(words: readonly string[], { native }: Place) {
  const [first = '', second = '', third] = words
  if (words.length === 3) return { provider: first, method: second, path: third ?? '' }
  if (words.length === 2 && native) return { provider: undefined, method: first, path: second }
  throw new UsageError(
    'a call has a provider, a method and a path',
    native ? 'write: athx call <method> <path>' : 'write: athx call <provider> <method> <path>',
  )
}

interface Callable {
  fetch(path: string, init: CallInit): Promise<Response>
  forget?(): Promise<unknown>
}

async function givenToken({ io, flags }: RunContext): Promise<string | undefined> {
  const source = flags.text('token')
  return source ? readSecret('--token', source, io) : io.env['ATH_TOKEN'] || undefined
}

/** A session at an app that speaks ATH itself. */
async function openServiceSession(
  context: RunContext,
  { provider, way }: { readonly provider: string | undefined; readonly way: 'direct' | 'proxy' },
): Promise<Callable> {
  const accessToken = await givenToken(context)
  const kept = accessToken === undefined ? await findKeptHandshake(context) : undefined
  const at = async () => {
    if (kept) {
      const session = await kept.resume()
      const forget = () => kept.agent.profile.dropSession()
      return { session, apiBase: session.apiBase ?? '', providerId: session.providers[0], forget }
    }
    const agent = await openAgent(context)
    const { client } = agent
    const session =
      accessToken === undefined
        ? await resumeKept(agent, provider)
        : client.resume({ providerId: provider ?? '', accessToken, scopes: [], expiresAt: 0 })
    const { api_base } = await client.discover({ signal: context.io.interrupted })
    return { session, apiBase: String(api_base), providerId: session.providerId }
  }
  const { session, apiBase, providerId = '', ...rest } = await at()
  const proxyPath = `/ath/proxy/${encodeURIComponent(provider ?? providerId)}`
  return {
    ...rest,
    fetch: (path, init) =>
      session.fetch(
        way === 'proxy' ? `${proxyPath}/${path.replace(/^\//, '')}` : pathInApi(path, apiBase),
        init,
      ),
  }
}

async function openSession(context: RunContext, providerId: string): Promise<Callable> {
  const accessToken = await givenToken(context)
  if (accessToken !== undefined) {
    const { client } = await openAgent(context)
    return client.resume({ providerId, accessToken, scopes: [], expiresAt: 0 })
  }
  const kept = await findKeptHandshake(context)
  if (!kept?.stored.providers.includes(providerId)) {
    if (kept && !findSettingValue(context, 'agent-id')) throw notOpened(kept, providerId)
    return resumeKept(await openAgent(context), providerId)
  }
  const session = await kept.resume()
  return {
    forget: () => kept.agent.profile.dropSession(),
    fetch: (path, init) => {
      const isWhole = /^[a-z][a-z0-9+.-]*:/i.test(path)
      const inProvider = `/${encodeURIComponent(providerId)}/${path.replace(/^\//, '')}`
      return session.fetch(isWhole ? path : inProvider, init)
    },
  }
}

const notOpened = ({ agent, stored }: KeptHandshake, providerId: string) =>
  new UsageError(
    `the session of ${agent.did} does not open \`${providerId}\`, only ${stored.providers.join(', ')}`,
    'check the name (`athx discover`), or ask for more: athx handshake --scope <scopes> --credential <file>',
    'CREDENTIALS_MISSING',
  )

function readHeaders(lines: readonly string[]): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim()
    if (colon < 1) throw new UsageError(`not a header: ${name}`, 'write -H "Name: value"')
    try {
      headers.append(name, line.slice(colon + 1).trim())
    } catch {
      throw new UsageError(`not a header: ${name}`, 'write -H "Name: value"')
    }
  }
  return headers
}

async function readBody(
  { flags, io }: RunContext,
  headers: Headers,
): Promise<NonNullable<RequestInit['body']> | undefined> {
  const text = flags.text('data') ?? flags.text('body')
  if (text === undefined) return undefined
  const stream = (source: Readable) => Readable.toWeb(source) as globalThis.ReadableStream
  if (text === '-') {
    if (!headers.has('content-type')) headers.set('content-type', 'application/octet-stream')
    return stream(io.stdin)
  }
  if (text.startsWith('@')) {
    const path = text.slice(1)
    await access(path).catch(() => {
      throw new UsageError(`cannot read ${path}`, 'check the path after @')
    })
    if (!headers.has('content-type')) headers.set('content-type', 'application/octet-stream')
    return stream(createReadStream(path))
  }
  if (!headers.has('content-type') && isJson(text)) headers.set('content-type', 'application/json')
  return text
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function renderHead(response: Response): string {
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  return [`HTTP ${response.status} ${response.statusText}`.trimEnd(), ...lines, '', ''].join('\n')
}

const newline = 0x0a

/** Waits for the reader: an answer of any length passes through in constant memory. Gives its last byte. */
async function drain(
  response: Response,
  sink: Writable,
  end: boolean,
): Promise<number | undefined> {
  if (!response.body) {
    if (end) sink.end()
    return undefined
  }
  let last: number | undefined
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>)
  body.on('data', (chunk: Uint8Array) => {
    last = chunk.at(-1) ?? last
  })
  await pipeline(body, sink, { end })
  return last
}
