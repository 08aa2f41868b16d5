import { createReadStream, createWriteStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { readGatewayRefusal } from '@ath-protocol/client'
import type { Command } from 'commander'
import type { CommandSpec } from '../command-spec.ts'
import { type ExitCode, exitCodeOfStatus } from '../exit-code.ts'
import { findKeptHandshake, type KeptHandshake } from '../handshake-agent.ts'
import { report } from '../output/report.ts'
import type { RunContext } from '../run-context.ts'
import { readSecret } from '../secret-input.ts'
import { findSettingValue, openAgent } from '../settings.ts'
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
  usage: 'call <provider> <method> <path>',
  summary: 'Call a service through the gateway; the answer streams to stdout, byte for byte.',
  examples: [
    'athx call oa GET "/api/approvals?state=open"',
    'athx call crm POST /api/customers --data @customer.json -H "content-type: application/json"',
    'athx call finance GET /export.csv -o export.csv',
  ],
  next: 'athx status · athx revoke <provider>',
  options,
  run: callService,
}

export const proxy: CommandSpec = {
  usage: 'proxy <provider> <method> <path>',
  summary: 'The same as `call`, under the name other ATH command lines use.',
  examples: [
    'athx proxy github GET /user/repos',
    'athx proxy crm POST /api/customers --body \'{"name":"Li"}\'',
    'athx proxy oa GET /api/approvals -i',
  ],
  next: 'athx revoke --provider <id>',
  options,
  run: callService,
}

async function callService(
  context: RunContext,
  [providerId = '', method = '', path = '']: readonly string[],
): Promise<ExitCode> {
  const { io, flags } = context
  const session = await openSession(context, providerId)
  const headers = readHeaders(flags.list('header'))
  const body = await readBody(context, headers)
  const response = await session.fetch(path, {
    method: method.toUpperCase(),
    headers,
    ...(body === undefined ? {} : { body }),
    signal: io.interrupted,
  })
  const refusal = await readGatewayRefusal(response, { clock: io, timeoutSeconds: 10 })
  const target = flags.text('output')
  const sink = target ? createWriteStream(target) : io.stdout
  if (flags.on('include')) sink.write(renderHead(response))
  await drain(response, sink, target !== undefined)
  if (refusal) {
    // It does not come back: `status` need not go on showing it.
    if (refusal.code === 'TOKEN_REVOKED') await session.forget?.()
    // Where a person reads both, the explanation begins on a line of its own.
    if (io.talksToPerson && target === undefined) io.stderr.write('\n')
    return report(refusal, io, context.out.json)
  }
  const exitCode = exitCodeOfStatus(response.status)
  if (exitCode !== 0) context.out.say(`athx: the service answered ${response.status}`)
  return exitCode
}

async function openSession(
  context: RunContext,
  providerId: string,
): Promise<{
  fetch(path: string, init: RequestInit): Promise<Response>
  forget?(): Promise<unknown>
}> {
  const { io, flags } = context
  const source = flags.text('token')
  const accessToken = source
    ? await readSecret('--token', source, io)
    : io.env['ATH_TOKEN'] || undefined
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

/** Waits for the reader: an answer of any length passes through in constant memory. */
async function drain(response: Response, sink: Writable, end: boolean): Promise<void> {
  if (response.body)
    await pipeline(Readable.fromWeb(response.body as ReadableStream), sink, { end })
  else if (end) sink.end()
}
