import {
  type AgentRecord,
  AthError,
  handshakeLifetimeSeconds,
  type PendingHandshake,
  type StoredSession,
} from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { findKeptHandshake } from '../handshake-agent.ts'
import { columns } from '../output/shown.ts'
import { timeLeft } from '../output/time-left.ts'
import { type Place, placeName } from '../place.ts'
import type { RunContext } from '../run-context.ts'
import { findSettingValue } from '../setting-source.ts'
import { openAgent } from '../settings.ts'
import type { Profile } from '../state/profile.ts'
import { describeSession, sessionLine } from './handshake.ts'
import { describeApproval } from './register.ts'

export const status: CommandSpec = {
  usage: 'status',
  summary: 'Show what the service approved, which access is live, and what waits for the user.',
  examples: [
    'athx status',
    'athx status --service http://localhost:3000',
    'athx status --json | jq .tokens',
  ],
  next: 'athx connect <provider> --scope <scope> · athx revoke <provider>',
  options: (command) => {
    command.option('--offline', 'only what is kept here; do not ask the gateway')
  },
  run: async (context) => {
    const { io, out } = context
    const kept = await findKeptHandshake(context)
    // An agent that came by DID needs no agent id.
    const registered =
      kept && !findSettingValue(context, 'agent-id') ? undefined : await registeredAccess(context)
    const session = kept && { ...kept.stored, encrypted: kept.stored.keys !== undefined }
    await out.result(
      {
        ...(registered?.document ?? {
          ...(kept ? { [placeName(kept.agent.place)]: kept.agent.place.base } : {}),
          tokens: [],
          pending: [],
        }),
        ...(session ? { did: kept.agent.did, session: describeSession(session) } : {}),
      },
      [
        ...(registered?.lines ?? [placeLine(kept?.agent.place)]),
        ...(session
          ? [`did      ${kept.agent.did}`, `session  ${sessionLine(session, io.now())}`]
          : []),
      ].join('\n'),
    )
    return kept || registered?.document.registered ? 0 : 4
  },
}

/** What the two-phase handshake left: the registration, tokens and open questions. */
async function registeredAccess(context: RunContext) {
  const { flags, io } = context
  const { client, profile } = await openAgent(context)
  const kept = await profile.registration()
  const record =
    flags.on('offline') || !client.credentials
      ? undefined
      : await client.status({ signal: io.interrupted }).catch(noStatusThere)
  const now = io.now()
  const sessions = await profile.sessions()
  const tokens = sessions.map(({ providerId, scopes, expiresAt, grantExpiresAt }) => ({
    provider_id: providerId,
    scopes,
    expires_at: expiresAt,
    seconds_left: Math.max(0, Math.floor(expiresAt - now)),
    grant_expires_at: grantExpiresAt,
  }))
  const pending = (await openHandshakes(profile, now)).map((one) => ({
    provider_id: one.providerId,
    scopes: one.scopes,
    ath_session_id: one.id,
    authorization_url: one.authorizationUrl,
  }))
  const clientId = client.credentials?.clientId
  const agentStatus = record?.agent_status ?? kept?.status
  const document = {
    [placeName(client)]: client.gateway,
    agent_id: client.agentId,
    registered: clientId !== undefined,
    client_id: clientId,
    agent_status: agentStatus,
    approved_providers: record?.approved_providers ?? kept?.approvals ?? [],
    approval_expires: record?.approval_expires ?? kept?.approvalExpires,
    tokens,
    pending,
  }
  const lines = [
    placeLine({ native: client.native, base: client.gateway }),
    `agent    ${document.agent_id}`,
    clientId === undefined
      ? `not registered here: athx connect ${client.native ? '' : '<provider> '}--scope <scope>`
      : `client   ${clientId}  ${agentStatus ?? ''}`.trimEnd(),
    ...document.approved_providers.map(describeApproval),
    ...(sessions.length > 0
      ? ['tokens', indent(columns(sessions.map((one) => tokenRow(one, now))))]
      : []),
    ...pending.map(
      (one) => `pending  ${one.provider_id}: athx token --session ${one.ath_session_id} --wait`,
    ),
  ]
  return { document, lines }
}

const placeLine = (place: Place | undefined) => (place ? `${placeName(place)}  ${place.base}` : '')

/** Those that the user can still answer; the others are forgotten. */
async function openHandshakes(profile: Profile, now: number): Promise<readonly PendingHandshake[]> {
  const all = await profile.handshakes()
  const isOver = (one: PendingHandshake) => now >= one.startedAt + handshakeLifetimeSeconds
  for (const one of all) if (isOver(one)) await profile.dropHandshake(one.id)
  return all.filter((one) => !isOver(one))
}

const tokenRow = (kept: StoredSession, now: number) => [
  kept.providerId,
  kept.scopes.join(' '),
  timeLeft(kept, now),
]

const indent = (text: string) => text.replace(/^/gm, '  ')

/** Some gateways show an agent’s status to logged-in people only (C20): then what is kept here is shown. */
function noStatusThere(error: unknown): AgentRecord | undefined {
  if (error instanceof AthError && (error.status === 404 || error.status === 405)) return undefined
  throw error
}
