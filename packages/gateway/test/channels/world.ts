import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AthConfig,
  type AuditEvent,
  type ConsentRequest,
  createAttestationVerifier,
  createMockProvider,
  type NineStepPorts,
  type Registration,
  type Risk,
} from '@ath-protocol/server'
import type { Rate } from '@ath-protocol/types'
import { createVirtualClock, type VirtualClock } from '@sallyport/testing'
import {
  createOutbound,
  createRateLimits,
  type Language,
  type LogLine,
  type Person,
  systemRandom,
} from '@ath-protocol/server/parts'
import { openMailer } from '../../src/adapters/smtp/mailer.ts'
import { type Channels, openChannels } from '../../src/channels/open-channels.ts'
import type { PressPorts } from '../../src/channels/press.ts'
import type { ChannelConfig } from '../../src/config/channels.ts'
import { handleControl } from '../../src/listener/control-plane.ts'
import { createFolder, openTestStore } from '../data-folder.ts'

/** Channels on a real store, real sockets and the real way out; only the vendors are local. */
export interface ChannelWorld {
  readonly clock: VirtualClock
  readonly channels: Channels
  readonly ports: PressPorts
  readonly events: AuditEvent[]
  readonly logs: LogLine[]
  readonly wang: Person
  readonly lin: Person
  /** Where callbacks of a channel arrive. */
  callbackUrl(channel: string): string
  /** Writes down a question to Wang and asks. */
  ask(changes?: Partial<ConsentRequest> & { readonly risk?: Risk }): Promise<ConsentRequest>
  /** As it stands now. */
  now(consent: ConsentRequest): Promise<ConsentRequest | undefined>
  /** The records of one name. */
  recorded(name: AuditEvent['event']): readonly AuditEvent[]
  close(): Promise<void>
}

export interface WorldOptions {
  readonly channels: readonly ChannelConfig[]
  readonly language?: Language
  readonly mailCa?: string
  readonly attemptMilliseconds?: number
  /** Far more than a person is asked, unless told otherwise. */
  readonly perPerson?: Rate
  readonly perAgent?: Rate
}

export async function openChannelWorld(options: WorldOptions): Promise<ChannelWorld> {
  const folder = createFolder()
  const store = await openTestStore(folder.dir)
  // Vendors look at the real time.
  const clock = createVirtualClock(Math.floor(Date.now() / 1000))
  const outbound = createOutbound({
    allowNetworks: [],
    allowLoopbackHttp: true,
    connectTimeoutSeconds: 2,
    readTimeoutSeconds: 5,
  })
  const events: AuditEvent[] = []
  const logs: LogLine[] = []
  const random = systemRandom
  const report = (cause: unknown) => {
    throw cause
  }
  const base = {
    config: channelConfig,
    clock,
    random,
    registry: store.registry,
    handshakes: store.handshakes,
    consents: store.consents,
    grants: store.grants,
    tokens: store.tokens,
    providerTokens: store.providerTokens,
    users: store.users,
    attestations: createAttestationVerifier({
      documents: outbound.identityDocuments,
      replay: store.replay,
      clock,
      allowLoopbackHttp: true,
    }),
    oauth: createMockProvider({ callbackUrl: channelConfig.callbackUrl, user: 'x', clock, random }),
    audit: {
      record: (event: AuditEvent) => {
        events.push(event)
        return `evt_${events.length}`
      },
      settled: async () => {},
    },
    limits: createRateLimits(new Map(), clock),
    live: { tokenRevoked: () => {}, grantRevoked: () => {}, agentChanged: () => {} },
    identities: store.channelIdentities,
    logins: store.logins,
    callbacks: store.replay,
    report,
  }
  const channels = openChannels(
    { language: options.language ?? 'en', channels: options.channels },
    {
      ...base,
      deliveries: store.deliveries,
      fetch: outbound.fetch,
      openMailer: (config) =>
        openMailer(config, options.mailCa === undefined ? {} : { ca: options.mailCa }),
      log: (line) => logs.push(line),
    },
    {
      attemptMilliseconds: options.attemptMilliseconds ?? 2000,
      perPerson: options.perPerson ?? { count: 1000, perSeconds: 1 },
      perAgent: options.perAgent ?? { count: 1000, perSeconds: 1 },
    },
  )
  // Of the handshake's ports only the notifier is reached: these questions belong to no nine-step handshake.
  const nineStep = { notifier: channels.notifier } as NineStepPorts
  const ports: PressPorts = { ...base, nineStep }
  await store.registry.insert(travelAgent)
  const people = await Promise.all(
    ['wang', 'lin'].map((name) =>
      store.logins.ensureUser({
        issuer: 'https://idp.corp.example',
        subject: name,
        name: name === 'wang' ? 'Wang Fang' : 'Lin Tao',
        email: `${name}@corp.example`,
      }),
    ),
  )
  const [wang, lin] = people as [Person, Person]
  const gateway = createServer((request, response) => {
    void handleControl(
      request,
      response,
      { target: request.url ?? '/', ip: '127.0.0.1', expectsContinue: false },
      { handle: async (call) => channels.answer(call, ports), secure: false, report },
    )
  })
  await new Promise<void>((listening) => gateway.listen(0, '127.0.0.1', listening))
  const { port } = gateway.address() as AddressInfo
  return {
    clock,
    channels,
    ports,
    events,
    logs,
    wang,
    lin,
    callbackUrl: (channel) => `http://127.0.0.1:${port}/ath/channels/${channel}`,
    async ask(changes = {}) {
      const consent = question({ userId: wang.id, createdAt: clock.now(), ...changes })
      await store.consents.insert(consent)
      await channels.notifier.ask(consent)
      return consent
    },
    now: (consent) => store.consents.find(consent.id),
    recorded: (name) => events.filter(({ event }) => event === name),
    async close() {
      await channels.close()
      await new Promise((closed) => {
        gateway.close(closed)
        gateway.closeAllConnections()
      })
      await outbound.close()
      await store.close()
      folder.remove()
    },
  }
}

let asked = 0

export function question(changes: Partial<ConsentRequest> = {}): ConsentRequest {
  const createdAt = changes.createdAt ?? 1_795_305_600
  const number = String(++asked).padStart(4, '0')
  return {
    id: `cns_${'x'.repeat(39)}${number}`,
    handshake: { kind: 'two_phase', id: `ath_sess_${number}` },
    clientId: travelAgent.clientId,
    agentId: travelAgent.agentId,
    requested: [{ providerId: 'oa', name: 'oa:read' }],
    offered: [{ providerId: 'oa', name: 'oa:read' }],
    words: 'Read your open approvals and sum them up',
    risk: 'low',
    restrictions: [{ ip_whitelist: ['10.0.0.0/8'], access_time: '9:00-18:00' }],
    longestSeconds: 28_800,
    createdAt,
    expiresAt: createdAt + 300,
    ...changes,
  }
}

const travelAgent: Registration = {
  clientId: 'ath_travel',
  agentId: 'https://travel.agents.example.com/.well-known/agent.json',
  name: 'Travel agent',
  developer: { name: 'Example Agents Ltd', id: 'example-agents' },
  status: 'approved',
  requested: [],
  approvals: [],
  approvalExpiresAt: 4_000_000_000,
  secretHash: 'hash',
  registeredAt: 1_795_305_600,
  decidedAt: 1_795_305_600,
  decidedBy: 'rule:travel',
}

export const channelConfig: AthConfig = {
  baseUrl: 'https://gw.example.com',
  aliases: [],
  callbackUrl: 'https://gw.example.com/ath/callback',
  providers: new Map([
    [
      'oa',
      {
        id: 'oa',
        displayName: 'Office approvals',
        scopes: [
          { name: 'oa:read', description: 'Read approvals', risk: 'low' },
          { name: 'oa:write', description: 'Answer approvals', risk: 'medium' },
          { name: 'oa:pay', description: 'Release payments', risk: 'high' },
        ],
        authMode: 'none',
        consentPage: true,
      },
    ],
  ]),
  approvalRules: [],
  unmatchedAgents: 'hold',
  approvalLifetimeSeconds: 90 * 86_400,
  tokenLifetimeSeconds: 3600,
  grantLifetimeSeconds: 28_800,
  browserBinding: true,
  legacyTokenAudience: false,
  allowLoopbackHttp: false,
}

/** A question whose approval is of this risk. */
export function questionOf(risk: Risk): Pick<ConsentRequest, 'requested' | 'offered' | 'risk'> {
  const name = { low: 'oa:read', medium: 'oa:write', high: 'oa:pay' }[risk]
  const scopes = [{ providerId: 'oa', name }]
  return { requested: scopes, offered: scopes, risk }
}
