import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Agent, describeKey } from './agent/agent.ts'
import { type DocumentHost, openDocumentHost } from './agent/document-host.ts'
import { readKey } from './agent/key-file.ts'
import { autoConsent } from './consent/auto.ts'
import { commandConsent } from './consent/command.ts'
import type { Consent } from './consent/consent.ts'
import { usualWords } from './consent/page.ts'
import { printConsent } from './consent/print.ts'
import type { Options } from './options.ts'
import type { Mode, Settings } from './subject/settings.ts'
import { UnreachableError, UsageError } from './usage-error.ts'
import { createRecorder } from './wire/evidence.ts'
import { createHttp, type Send } from './wire/http.ts'

export interface Surroundings {
  readonly stdin: NodeJS.ReadableStream
  /** For progress and questions. */
  say(line: string): void
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface Prepared {
  readonly settings: Settings
  close(): Promise<void>
}

/** Turns the command line into a run: opens the agents' host, reads keys, finds out what the subject is. */
export async function prepare(options: Options, around: Surroundings): Promise<Prepared> {
  const base = readBase(options.url)
  const recorder = createRecorder()
  const send = createHttp({
    recorder,
    timeoutSeconds: options.timeout,
    ...given('authority', readAuthority(options.ca)),
    onWait: (seconds) => around.say(`  the server says 429: waiting ${seconds} s`),
  })
  const mode = options.mode ?? (await findMode(base, send))
  const agent = await readAgent(options)
  const documents = agent ? undefined : await openHost(options)
  const settings: Settings = {
    base,
    mode,
    call: options.call ?? { method: 'GET', path: '/' },
    isCallGiven: options.call !== undefined,
    patienceSeconds,
    refusedCall: options.refusedCall,
    send,
    recorder,
    ...given('provider', options.provider),
    ...given('scopes', options.scopes),
    ...given('echo', options.echo),
    ...given('agent', agent),
    ...given('documents', documents),
    ...given('credentials', readCredentials(options, around.env)),
    ...given('consent', readConsent(options, send, around)),
    ...given(
      'userKey',
      options.userKey && (await readKey(readText(options.userKey), options.userKey)),
    ),
  }
  return { settings, close: async () => documents?.close() }
}

/** Longer than this no caller waits for a verifier that waits for a document. */
const patienceSeconds = 25

const given = <Name extends string, Value>(name: Name, value: Value | undefined | '') =>
  (value === undefined || value === '' ? {} : { [name]: value }) as {
    readonly [name in Name]?: Value
  }

function readBase(url: string | undefined): string {
  if (url === undefined)
    throw new UsageError('--url is missing: give the public base URL of the server')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`--url ${url} is no http or https URL`)
  return url.replace(/\/+$/, '')
}

function readAuthority(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const pem = readText(file)
  try {
    void new X509Certificate(pem)
  } catch {
    throw new UsageError(`--ca ${file} holds no certificate: give the authority's, as PEM`)
  }
  return pem
}

async function findMode(base: string, send: Send): Promise<Mode> {
  for (const [mode, path] of [
    ['gateway', '/.well-known/ath.json'],
    ['native', '/.well-known/ath-app.json'],
  ] as const) {
    const answer = await send(`${base}${path}`).catch((cause: unknown) => {
      throw new UnreachableError(cause instanceof Error ? cause.message : String(cause))
    })
    if (answer.status === 200) return mode
  }
  throw new UnreachableError(
    `${base} publishes neither /.well-known/ath.json nor /.well-known/ath-app.json; say what it is with --mode`,
  )
}

async function readAgent({ agentId, key }: Options): Promise<Agent | undefined> {
  if (agentId === undefined && key === undefined) return undefined
  if (agentId === undefined || key === undefined)
    throw new UsageError('--agent-id and --key belong together')
  const { privateKey, publicKey } = await readKey(readText(key), key)
  return { id: agentId, key: await describeKey(privateKey, publicKey) }
}

async function openHost({ agentHost, agentListen }: Options): Promise<DocumentHost> {
  if (agentHost !== undefined && !URL.canParse(agentHost))
    throw new UsageError(`--agent-host ${agentHost} is no URL`)
  return openDocumentHost({
    ...agentListen,
    ...(agentHost === undefined ? {} : { publicUrl: agentHost }),
  }).catch((cause: unknown) => {
    throw new UsageError(
      `cannot listen on ${agentListen.host}:${agentListen.port} (${String(cause)}): choose another with --agent-listen`,
    )
  })
}

function readCredentials({ clientId, agentId }: Options, env: Surroundings['env']) {
  if (clientId === undefined) return undefined
  if (agentId === undefined) throw new UsageError('--client-id needs --agent-id and --key')
  const clientSecret = env['ATH_CLIENT_SECRET']
  if (!clientSecret) throw new UsageError('--client-id needs its secret in ATH_CLIENT_SECRET')
  return { clientId, clientSecret }
}

function readConsent(options: Options, send: Send, around: Surroundings): Consent | undefined {
  const { approveButton, denyButton, consentCommand } = options
  switch (options.consent) {
    case undefined:
      return undefined
    case 'auto':
      return autoConsent(send, {
        approve: approveButton === undefined ? usualWords.approve : [approveButton],
        deny: denyButton === undefined ? usualWords.deny : [denyButton],
        fields: options.form,
      })
    case 'command':
      if (consentCommand === undefined)
        throw new UsageError("--consent command needs --consent-command 'cmd {url} {approve|deny}'")
      return commandConsent(consentCommand)
    case 'print':
      return printConsent(around.stdin, around.say)
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : cause}`)
  }
}
