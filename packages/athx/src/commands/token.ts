import { type AthSession, offeredScopes } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { addScopeOptions, readDuration, scopesOf } from '../flags.ts'
import { findKeptHandshake } from '../handshake-agent.ts'
import { duration, mask } from '../output/shown.ts'
import { timeLeft } from '../output/time-left.ts'
import { waitingLine } from '../output/waiting.ts'
import type { RunContext } from '../run-context.ts'
import { findPlace } from '../place.ts'
import { type AgentRun, openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { resumeKept } from './kept-session.ts'

export const token: CommandSpec = {
  usage: 'token',
  summary: 'Exchange the user’s consent for an access token, or renew one.',
  examples: [
    'athx token --session ath_sess_abc --wait',
    'athx token --session ath_sess_abc --code ath_code_xyz',
    'athx token --mode native --service http://localhost:3000 --session ath_sess_abc --wait',
  ],
  next: 'athx call <provider> GET /path',
  options: (command) => {
    addScopeOptions(command, 'where the handshake was started elsewhere')
    command
      .option('--session <id>', 'the session that `athx authorize` printed')
      .option('--renew [provider]', 'a fresh token now, while the user’s consent lives')
      .option('--code <code>', 'the code delivered to a redirect of the agent’s own')
      .option('--wait', 'ask until the user has answered')
      .option('--wait-timeout <duration>', 'how long to ask (default: while the handshake lives)')
      .option('--provider <id>', 'where the handshake was started elsewhere')
      .option('--reveal', 'print the token in clear')
  },
  run: async (context) => {
    const { flags, io, out } = context
    const session = await (flags.text('renew') || flags.on('renew')
      ? renewKept(context)
      : exchange(context))
    const { accessToken, scopes, providerId } = session
    const token = flags.on('reveal') ? accessToken : mask(accessToken)
    await out.result(
      { ...session.grant, access_token: token },
      `${providerId}  ${scopes.join(' ')}  ${timeLeft(session, io.now())}\n  token  ${token}`,
    )
  },
}

type Renewed = Pick<
  AthSession,
  'providerId' | 'accessToken' | 'scopes' | 'expiresAt' | 'grantExpiresAt' | 'grant'
>

/** What opens an agent or a session sees to it that what is renewed is kept. */
async function renewKept(context: RunContext): Promise<Renewed> {
  const { flags, io } = context
  if (flags.text('session'))
    throw new UsageError('either --session or --renew', 'see: athx help token')
  const { native } = findPlace(context)
  const wanted = flags.text('renew')
  if (wanted === undefined && !native)
    throw new UsageError('no provider was given', 'add it: --renew <provider>')
  const kept = await findKeptHandshake(context)
  const providerId = native ? kept?.stored.providers[0] : wanted
  if (kept && providerId !== undefined && kept.stored.providers.includes(providerId)) {
    const shared = await kept.resume()
    await shared.refresh(io.interrupted)
    return { ...shared.stored(), providerId }
  }
  const session = await resumeKept(await openAgent(context), wanted)
  await session.renew(io.interrupted)
  return session
}

async function exchange(context: RunContext): Promise<AthSession> {
  const { flags, io, out } = context
  const id = flags.text('session')
  if (!id) throw new UsageError('no session was given', 'add --session <id>, from `athx authorize`')
  const agent = await openAgent(context)
  const code = flags.text('code')
  const signal = io.interrupted
  const known = await findHandshake(agent, context, id)
  const { client, profile } = agent
  const limit = flags.text('waitTimeout')
  const limitSeconds = limit ? readDuration(limit, '--wait-timeout') : undefined
  const isWaiting = flags.on('wait')
  if (isWaiting) {
    const { startedAt, authorizationUrl: url } = known
    out.say(waitingLine({ startedAt, limitSeconds, url }, io.now()))
  }
  const session = isWaiting
    ? await client.waitForConsent(known, {
        code,
        signal,
        timeoutSeconds: limitSeconds,
        onPending: ({ elapsedSeconds }) =>
          out.sayBriefly(`waiting for the user … ${duration(elapsedSeconds)}`),
      })
    : await client.token(known, { signal, ...(code === undefined ? {} : { code }) })
  await profile.keepSession(session)
  await profile.dropHandshake(id)
  return session
}

async function findHandshake({ profile, client }: AgentRun, { flags, io }: RunContext, id: string) {
  const known = await profile.handshake(id)
  if (known) return known
  const provider = flags.text('provider') ?? (await ownName(client))
  if (provider)
    return {
      id,
      providerId: provider,
      scopes: scopesOf(flags),
      authorizationUrl: '',
      state: '',
      startedAt: io.now(),
    }
  throw new UsageError(
    'this handshake was not started here, so what it asked for is not known',
    'add --provider and --scopes as they were asked, so that a wider token can be refused',
  )
}

/** A service that speaks ATH itself needs not be told its own name. */
async function ownName(client: AgentRun['client']): Promise<string | undefined> {
  if (!client.native) return undefined
  return Object.keys(offeredScopes(await client.discover()))[0]
}
