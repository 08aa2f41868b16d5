import { readFile } from 'node:fs/promises'
import { text as readText } from 'node:stream/consumers'
import {
  type HandshakeEvent,
  type HandshakeOptions,
  type HandshakeSession,
  handshake as shakeHands,
  type PendingConfirmation,
} from '@ath-protocol/client/nine-step'
import type { CommandSpec } from '../command-spec.ts'
import { addScopeOptions, readDuration, scopesOf } from '../flags.ts'
import { openHandshakeAgent } from '../handshake-agent.ts'
import { limitsLine } from '../output/limits.ts'
import { duration, lasting } from '../output/shown.ts'
import { localTime, timeLeft } from '../output/time-left.ts'
import type { RunContext } from '../run-context.ts'
import { refuseSecret } from '../secret-input.ts'
import { athPlace, placeName } from '../place.ts'
import { findSettingValue } from '../setting-source.ts'
import { keepDefaults, requireAgentIdSetting, requireKey } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const handshake: CommandSpec = {
  usage: 'handshake',
  summary:
    'Get access by the nine-step handshake: prove a key, show what the user gave, wait, keep the session.',
  examples: [
    'athx handshake --scope oa:read,crm:write --ttl 8h --why "query approvals" --credential grant.jwt',
    'athx handshake --scope oa:read --credential - --encrypted < grant.jwt',
    'athx handshake --mode native --service http://localhost:3000 --scopes products:read --credential env',
  ],
  next: 'athx call <provider> GET /path · athx status · athx revoke',
  options: (command) => {
    addScopeOptions(command, 'scopes by their full names, separated by commas')
    command
      .option('--ttl <duration>', 'how long the permission shall live (default 8h, at most 24h)')
      .option('--why <text>', 'what for; the user sees it, marked as the agent’s words')
      .option('--credential <source>', 'what the user gave: a file, - for stdin, or `env`')
      .option('--encrypted', 'encrypt every later request and answer')
      .option('--attest', 'show that --agent-id, which is registered, vouches for the key')
      .option('--server-did <did>', 'accept only this server')
      .option('--wait-timeout <duration>', 'how long to wait (default: while the question stands)')
  },
  run: async (context) => {
    const { flags, io, out } = context
    const agent = await openHandshakeAgent(context)
    const { place, did, profile } = agent
    const limit = flags.text('waitTimeout')
    const session = await shakeHands({
      ...agent.settings(),
      ...athPlace(place),
      did,
      scopes: scopesOf(flags),
      ttl: Math.round(readDuration(flags.text('ttl') ?? '8h', '--ttl')),
      context: flags.text('why') ?? '',
      credential: await readCredential(context),
      encrypted: flags.on('encrypted'),
      serverDid: flags.text('serverDid'),
      attestation: flags.on('attest') ? await attestedBy(context) : undefined,
      consentTimeoutSeconds: limit ? readDuration(limit, '--wait-timeout') : undefined,
      onProgress: (event) => tell(context, did, event),
      onPending: createPendingTeller(context),
      signal: io.interrupted,
    })
    await profile.dropSession()
    await profile.keepSession(session.stored())
    await keepDefaults(context, { [placeName(place)]: place.base, did })
    await out.result(describeSession(session), sessionLine(session, io.now()))
  },
}

/** A session as documents show it: nothing of it is secret. */
export const describeSession = (
  session: Omit<
    HandshakeSession,
    'fetch' | 'request' | 'api' | 'refresh' | 'end' | 'stored' | 'accessToken'
  >,
) => ({
  session_id: session.sessionId,
  [session.apiBase === undefined ? 'gateway' : 'service']: session.gateway,
  server_did: session.serverDid,
  agent_id: session.agentId,
  providers: session.providers,
  scopes_granted: session.scopesGranted,
  scopes_denied: session.scopesDenied,
  ttl_granted: session.ttlGranted,
  restrictions: session.restrictions,
  encrypted: session.encrypted,
  expires_at: session.expiresAt,
  grant_expires_at: session.grantExpiresAt,
})

export const sessionLine = (
  session: Pick<
    HandshakeSession,
    'providers' | 'scopes' | 'encrypted' | 'expiresAt' | 'grantExpiresAt'
  >,
  now: number,
) =>
  `${session.providers.join(' ')}  ${session.scopes.join(' ')}  ${timeLeft(session, now)}${session.encrypted ? '  encrypted' : ''}`

async function readCredential({ flags, io }: RunContext): Promise<string> {
  const asked = flags.text('credential')
  const source = asked ?? 'env'
  if (source === '-') return (await readText(io.stdin)).trim()
  if (source === 'env') {
    const given = io.env['ATH_CREDENTIAL']?.trim()
    if (given) return given
    throw new UsageError(
      asked === undefined
        ? 'the user’s credential is missing'
        : 'the user’s credential is missing: ATH_CREDENTIAL is not set',
      'add --credential <file>; the user makes one: athx grant make, or on the page /me',
    )
  }
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(source) && source.length > 100)
    throw refuseSecret('--credential', '--credential <file>, - (stdin) or `env` (ATH_CREDENTIAL)')
  try {
    return (await readFile(source.replace(/^@/, ''), 'utf8')).trim()
  } catch {
    throw new UsageError(`cannot read ${source}`, 'name a file, - (stdin) or `env`')
  }
}

async function attestedBy(
  context: RunContext,
): Promise<NonNullable<HandshakeOptions['attestation']>> {
  const { privateKey, keyId } = await requireKey(context)
  const issuer = findSettingValue(context, 'issuer') === 'origin' ? 'origin' : 'agent_id'
  return { agentId: requireAgentIdSetting(context), key: { privateKey, keyId }, issuer }
}

function tell({ out }: RunContext, did: string, event: HandshakeEvent): void {
  switch (event.step) {
    case 'discovered':
      return out.say(`1 hello     ${event.endpoint} as ${did}`)
    case 'greeted':
      return out.say(`2 server    ${event.serverDid}${event.encrypted ? ', encrypted' : ''}`)
    case 'identified':
      out.say(`3 proof     ${event.did}`)
      return out.say(`4 approved  on offer: ${event.scopesSupported.join(' ')}`)
    case 'granted': {
      const { scopes_granted, scopes_denied = [], ttl_granted, restrictions } = event.result
      out.say(`8 granted   ${scopes_granted.join(' ')} for ${lasting(ttl_granted)}`)
      for (const { scope, reason } of scopes_denied) out.say(`  denied    ${scope} (${reason})`)
      if (Object.keys(restrictions).length > 0) out.say(`  limits    ${limitsLine([restrictions])}`)
      return
    }
    case 'completed':
      return out.say(`9 session   ${event.session.sessionId}`)
    case 'again':
      return out.say(`  refused   ${event.error.message}; once more`)
  }
}

function createPendingTeller({ out, io }: RunContext): (pending: PendingConfirmation) => void {
  let told = false
  return ({ requestId, expiresAt, elapsedSeconds }) => {
    if (!told)
      out.say(
        `5 asking    the user decides until ${localTime(expiresAt, io.now())}: ${requestId} (Ctrl-C stops; --wait-timeout changes it)`,
      )
    else out.sayBriefly(`6 waiting   ${duration(elapsedSeconds)}`)
    told = true
  }
}
