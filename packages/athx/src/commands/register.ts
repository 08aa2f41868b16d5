import { AthError, type RegistrationResponse } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { keepFirstKey } from '../first-key.ts'
import { addScopeOptions, scopesOf } from '../flags.ts'
import { mask } from '../output/shown.ts'
import { type AgentRun, defaultsOf, findDeveloper, keepDefaults, openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const register: CommandSpec = {
  usage: 'register',
  summary: 'Ask the service to approve this agent (the first door).',
  examples: [
    'athx register --provider oa --scopes oa:read,oa:write --purpose "query approvals"',
    'athx register --provider oa --scopes oa:read --dev-name "Example Ltd" --dev-id example',
    'athx register --mode native --service http://localhost:3000 --scopes products:read,cart:write',
  ],
  next: 'athx authorize --provider <id> --scopes <list>',
  options: (command) => {
    addScopeOptions(command, 'scopes, separated by commas')
    command
      .option('--provider <id>', 'the provider to ask for; an app that speaks ATH needs none')
      .option('--purpose <text>', 'what for, in the agent’s words', 'CLI agent')
      .option('--dev-name <name>', 'who answers for the agent')
      .option('--dev-id <id>', 'their id')
      .option('--redirect-uri <uri...>', 'where the agent itself receives the browser')
      .option('--reveal', 'print the client secret in clear')
  },
  run: async (context) => {
    const { flags, io, out } = context
    const provider = flags.text('provider')
    const scopes = scopesOf(flags)
    await keepFirstKey(context)
    const agent = await openAgent(context)
    if (!provider && !agent.client.native)
      throw new UsageError('no provider was given', 'add --provider <id>')
    const registration = await agent.client
      .register({
        ...(provider ? { providers: [{ provider_id: provider, scopes }] } : { scopes }),
        developer: findDeveloper(context, agent.client.agentId),
        purpose: flags.text('purpose'),
        redirectUris: flags.list('redirectUri'),
        signal: io.interrupted,
      })
      .catch((error: unknown) => keepConflict(agent, error))
    await keepRegistration(agent, registration)
    const secret = flags.on('reveal')
      ? registration.client_secret
      : mask(registration.client_secret)
    await out.result(
      { ...registration, client_secret: secret },
      [
        `${registration.agent_status}  ${registration.client_id}  until ${registration.approval_expires}`,
        ...registration.approved_providers.map(describeApproval),
      ].join('\n'),
    )
    await keepDefaults(context, defaultsOf(agent))
    out.say(`kept in ${agent.profile.directory}`)
    return registration.agent_status === 'approved' ? 0 : 5
  },
}

export function describeApproval(
  approval: RegistrationResponse['approved_providers'][number],
): string {
  const { provider_id, approved_scopes, denied_scopes, denial_reason } = approval
  const denied =
    denied_scopes.length === 0
      ? ''
      : `   denied ${denied_scopes.join(' ')}${denial_reason ? ` (${denial_reason})` : ''}`
  return `  ${provider_id}  ${approved_scopes.join(' ') || '(none)'}${denied}`
}

export function keepRegistration(
  { profile, client }: Pick<AgentRun, 'profile' | 'client'>,
  registration: RegistrationResponse,
): Promise<void> {
  return profile.keepRegistration({
    gateway: client.gateway,
    agentId: client.agentId,
    clientId: registration.client_id,
    clientSecret: registration.client_secret,
    status: registration.agent_status,
    approvals: registration.approved_providers,
    approvalExpires: registration.approval_expires,
  })
}

/** The gateway names the registration that exists: with that, `athx agent rotate` can make a new secret. */
export async function keepConflict(
  { profile, client }: Pick<AgentRun, 'profile' | 'client'>,
  error: unknown,
): Promise<never> {
  const clientId = error instanceof AthError ? error.details['client_id'] : undefined
  const known = await profile.registration()
  if (
    error instanceof AthError &&
    error.code === 'CONFLICT' &&
    typeof clientId === 'string' &&
    known?.clientSecret === undefined
  )
    await profile.keepRegistration({ gateway: client.gateway, agentId: client.agentId, clientId })
  throw error
}
