import type { AthSession } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { readDuration, readScopes } from '../flags.ts'
import { duration, mask } from '../output/shown.ts'
import type { RunContext } from '../run-context.ts'
import { type AgentRun, openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const token: CommandSpec = {
  usage: 'token',
  summary: 'Exchange the user’s consent for an access token.',
  examples: [
    'athx token --session ath_sess_abc --wait',
    'athx token --session ath_sess_abc --code ath_code_xyz',
    'athx token --session ath_sess_abc --wait --wait-timeout 5m --json',
  ],
  next: 'athx call <provider> GET /path',
  options: (command) => {
    command
      .option('--session <id>', 'the session that `athx authorize` printed')
      .option('--code <code>', 'the code delivered to a redirect of the agent’s own')
      .option('--wait', 'ask until the user has answered')
      .option('--wait-timeout <duration>', 'how long to ask (default: while the handshake lives)')
      .option('--provider <id>', 'where the handshake was started elsewhere')
      .option('--scopes <list>', 'where the handshake was started elsewhere')
      .option('--reveal', 'print the token in clear')
  },
  run: async (context) => {
    const { flags, io, out } = context
    const id = flags.text('session')
    if (!id)
      throw new UsageError('no session was given', 'add --session <id>, from `athx authorize`')
    const agent = await openAgent(context)
    const code = flags.text('code')
    const signal = io.interrupted
    const known = await findHandshake(agent, context, id)
    const { client, profile } = agent
    const limit = flags.text('waitTimeout')
    const session = flags.on('wait')
      ? await client.waitForConsent(known, {
          code,
          signal,
          ...(limit ? { timeoutSeconds: readDuration(limit, '--wait-timeout') } : {}),
          onPending: ({ elapsedSeconds }) =>
            out.sayBriefly(`waiting for the user … ${duration(elapsedSeconds)}`),
        })
      : await client.token(known, { signal, ...(code === undefined ? {} : { code }) })
    await profile.keepSession(session)
    await profile.dropHandshake(id)
    const { accessToken, scopes, providerId, expiresAt } = session
    const left = duration(expiresAt - io.now())
    await out.result(
      describeGrant(session, flags.on('reveal')),
      `${providerId}  ${scopes.join(' ')}  ${left} left\n  token  ${flags.on('reveal') ? accessToken : mask(accessToken)}`,
    )
  },
}

/** The token endpoint’s answer, with the token hidden unless it was asked for. */
function describeGrant(session: AthSession, reveal: boolean): unknown {
  return {
    ...session.grant,
    access_token: reveal ? session.accessToken : mask(session.accessToken),
  }
}

async function findHandshake({ profile }: AgentRun, { flags, io }: RunContext, id: string) {
  const known = await profile.handshake(id)
  if (known) return known
  const provider = flags.text('provider')
  if (provider)
    return {
      id,
      providerId: provider,
      scopes: readScopes(flags.text('scopes')),
      authorizationUrl: '',
      state: '',
      startedAt: io.now(),
    }
  throw new UsageError(
    'this handshake was not started here, so what it asked for is not known',
    'add --provider and --scopes as they were asked, so that a wider token can be refused',
  )
}
