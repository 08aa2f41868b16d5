import {
  AthError,
  type ConnectEvent,
  connect as connectAgent,
  openBrowser,
} from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { keepFirstKey } from '../first-key.ts'
import { addScopeOptions, readDuration, scopesOf } from '../flags.ts'
import { columns, duration } from '../output/shown.ts'
import { timeLeft } from '../output/time-left.ts'
import { waitingLine } from '../output/waiting.ts'
import { placeName } from '../place.ts'
import { defaultsOf, findDeveloper, keepDefaults, openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { describeApproval, keepConflict, keepRegistration } from './register.ts'

export const connect: CommandSpec = {
  usage: 'connect [provider...]',
  summary: 'Get access in one go: discover, register, ask the user, wait, keep the token.',
  examples: [
    'athx connect oa --scope oa:read --why "query approvals"',
    'athx connect oa crm --scope oa:read,crm:write --why "update customers" --open',
    'athx connect --service http://localhost:3000 --scopes products:read --open',
  ],
  next: 'athx call <provider> GET /path · athx status',
  options: (command) => {
    addScopeOptions(command, 'scopes, separated by commas; each goes to the provider that has it')
    command
      .option('--why <text>', 'what for; the user sees it, marked as the agent’s words')
      .option('--open', 'open the page in a browser')
      .option('--print', 'only print the page’s address (default)')
      .option('--wait-timeout <duration>', 'how long to wait (default: while the handshake lives)')
      .option('--dev-name <name>', 'who answers for the agent')
      .option('--dev-id <id>', 'their id')
  },
  run: async (context, providers) => {
    const { flags, io, out } = context
    const scopes = scopesOf(flags)
    await keepFirstKey(context)
    const agent = await openAgent(context)
    const { options, profile, client } = agent
    const { agentId, key, ...rest } = options
    if (providers.length === 0 && !client.native)
      throw new UsageError(
        'no provider was given',
        'name it: athx connect <provider> --scopes <list>',
      )
    const limit = flags.text('waitTimeout')
    const limitSeconds = limit ? readDuration(limit, '--wait-timeout') : undefined
    const why = flags.text('why')
    let waitingFor = ''
    const onProgress = async (event: ConnectEvent) => {
      switch (event.step) {
        case 'discovered':
          return
        case 'registered':
          await keepRegistration(agent, event.registration)
          out.say(`register  ${event.registration.agent_status}`)
          for (const approval of event.registration.approved_providers)
            out.say(describeApproval(approval))
          return
        case 'narrowed':
          out.say(
            `denied    ${event.denied.join(' ')} at ${event.providerId}${event.reason ? ` (${event.reason})` : ''}`,
          )
          return
        case 'asked':
          waitingFor = event.handshake.id
          await profile.keepHandshake(event.handshake)
          out.say(`ask       ${event.handshake.scopes.join(' ')} at ${event.handshake.providerId}`)
          out.say(`open      ${event.handshake.authorizationUrl}`)
          out.say(waitingLine({ startedAt: event.handshake.startedAt, limitSeconds }, io.now()))
          return
        case 'waiting':
          out.sayBriefly(`waiting   ${duration(event.elapsedSeconds)}`)
          return
        case 'granted':
          await profile.keepSession(event.session)
          await profile.dropHandshake(waitingFor)
          waitingFor = ''
          out.say(`granted   ${event.session.scopes.join(' ')} at ${event.session.providerId}`)
      }
    }
    try {
      const connection = await connectAgent({
        ...rest,
        agent: { id: agentId, key, developer: findDeveloper(context, client.agentId) },
        scopes,
        providers,
        ...(why === undefined ? {} : { why }),
        onConsent: flags.on('open')
          ? ({ authorizationUrl }) => openBrowser(authorizationUrl)
          : 'poll',
        onProgress,
        ...(limitSeconds === undefined ? {} : { consentTimeoutSeconds: limitSeconds }),
        signal: io.interrupted,
      })
      const { sessions } = connection
      await keepDefaults(context, defaultsOf(agent))
      await out.result(
        {
          [placeName(client)]: client.gateway,
          agent_id: client.agentId,
          client_id: connection.client.credentials?.clientId,
          sessions: sessions.map(({ providerId, scopes, expiresAt, grantExpiresAt }) => ({
            provider_id: providerId,
            effective_scopes: scopes,
            expires_at: expiresAt,
            grant_expires_at: grantExpiresAt,
          })),
        },
        columns(
          sessions.map((one) => [one.providerId, one.scopes.join(' '), timeLeft(one, io.now())]),
        ),
      )
    } catch (error) {
      const open = io.interrupted.aborted || isPending(error)
      if (open && waitingFor) out.say(`go on     athx token --session ${waitingFor} --wait`)
      return keepConflict(agent, error)
    }
  },
}

const isPending = (error: unknown) => error instanceof AthError && error.code === 'CONSENT_PENDING'
