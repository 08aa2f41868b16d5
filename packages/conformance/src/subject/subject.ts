import { randomBytes } from 'node:crypto'
import { type Agent, agentName, developer } from '../agent/agent.ts'
import { attest } from '../agent/attestation.ts'
import type { HostedAgent, Hosting } from '../agent/document-host.ts'
import { describe } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Browser, Visit } from '../consent/browser.ts'
import type { Decision } from '../consent/consent.ts'
import type { VisitOptions } from '../consent/browser.ts'
import type { Answer, Asked } from '../wire/http.ts'
import { type NineStep, openNineStep } from '../nine-step/nine-step.ts'
import { pathBelow } from './path-below.ts'
import type { Mode, Settings } from './settings.ts'
import { readTarget, type Target } from './target.ts'

type Members = Readonly<Record<string, unknown>>

/** A registered agent. */
export interface Client {
  readonly agent: Agent
  readonly id: string
  readonly secret: string
  /** The answer to the registration; absent when credentials were given to the run. */
  readonly answer?: Answer
  /** Approved for the target provider. */
  readonly scopes: readonly string[]
}

export interface Started {
  readonly sessionId: string
  readonly url: string
}

export interface Token {
  readonly value: string
  readonly client: Client
  readonly answer: Answer
}

export interface CallOptions {
  readonly method?: string
  /** Default: the call that the scopes open. */
  readonly path?: string
  /** Goes to the proxy path of this provider, in native mode too. */
  readonly provider?: string
  /** Default: the token's agent; `null` sends none. */
  readonly agentId?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Asked['body']
}

/** The server under test, as checks see it: what they send, and what they share, made when it is first needed. */
export interface Subject {
  readonly settings: Settings
  readonly base: string
  readonly mode: Mode
  send: Settings['send']
  at(path: string): string
  /** The document of the mode. */
  discovery(): Promise<Answer>
  target(): Promise<Target>
  /** A new agent with a document of its own. */
  newAgent(hosting?: Hosting): Promise<HostedAgent>
  /** The agent of this run. */
  agent(): Promise<Agent>
  registration(agent: Agent, changes?: Members): Promise<Members>
  register(agent: Agent, changes?: Members): Promise<Answer>
  /** Registers an agent that must be approved. */
  enrol(agent: Agent, changes?: Members): Promise<Client>
  client(): Promise<Client>
  otherClient(): Promise<Client>
  /** A client with a redirect URI of its own, which is `redirectUri`. */
  redirectingClient(): Promise<Client>
  readonly redirectUri: string
  authorization(client: Client, changes?: Members): Promise<Members>
  authorize(client: Client, changes?: Members): Promise<Answer>
  /** A handshake that waits for its person. */
  start(client: Client, changes?: Members): Promise<Started>
  /** A handshake that its person answered. */
  decided(client: Client, decision: Decision, changes?: Members): Promise<Started>
  /** The same in the built-in browser, to see what browsers see. */
  visited(
    client: Client,
    decision: Decision,
    options?: VisitOptions & { readonly changes?: Members },
  ): Promise<Started & { readonly visit: Visit; readonly browser: Browser }>
  exchange(client: Client, sessionId: string, changes?: Members): Promise<Answer>
  /** A token that several checks share; none of them may end it. */
  token(): Promise<Token>
  freshToken(client?: Client, changes?: Members): Promise<Token>
  /** Where such a call goes. */
  address(options?: Pick<CallOptions, 'path' | 'provider'>): Promise<string>
  call(token: Pick<Token, 'value' | 'client'>, options?: CallOptions): Promise<Answer>
  revoke(changes: Members): Promise<Answer>
  nineStep(): Promise<NineStep>
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

export function createSubject(settings: Settings): Subject {
  const { base, mode, send, recorder } = settings
  const at = (path: string) => `${base}${path}`
  const post = (path: string, body: Members) => send(at(path), { method: 'POST', body })
  const wellKnown = mode === 'native' ? '/.well-known/ath-app.json' : '/.well-known/ath.json'
  const discovery = recorder.once(() => send(at(wellKnown)))
  const target = recorder.once(async () => readTarget(settings, await discovery()))

  const subject: Subject = {
    settings,
    base,
    mode,
    send,
    at,
    discovery,
    target,
    redirectUri: 'https://conformance-agent.example/callback',
    async newAgent(hosting) {
      if (settings.documents) return settings.documents.create(hosting)
      throw new Unavailable(
        'needs more agents than the one of --agent-id: give --agent-host instead',
      )
    },
    agent: recorder.once(async () => settings.agent ?? subject.newAgent()),
    async registration(agent, changes = {}) {
      const { providerId, scopes } = await target()
      return {
        agent_id: agent.id,
        agent_attestation: await attest(agent, base),
        developer,
        requested_providers: [{ provider_id: providerId, scopes }],
        purpose: `${agentName}: checks this server`,
        ...changes,
      }
    },
    register: async (agent, changes) =>
      post('/ath/agents/register', await subject.registration(agent, changes)),
    async enrol(agent, changes) {
      const answer = await subject.register(agent, changes)
      const { client_id, client_secret, agent_status } = answer.json
      if (answer.status >= 300 || agent_status !== 'approved')
        throw new Unavailable(
          `needs a registered and approved agent; the registration was answered ${describe(answer)}, status ${JSON.stringify(agent_status)}`,
        )
      const { providerId } = await target()
      return {
        agent,
        id: String(client_id),
        secret: String(client_secret),
        answer,
        scopes: approvedScopes(answer, providerId),
      }
    },
    client: recorder.once(async () => {
      const { credentials } = settings
      if (!credentials) return subject.enrol(await subject.agent())
      recorder.hide(credentials.clientSecret)
      const { scopes } = await target()
      return {
        agent: await subject.agent(),
        id: credentials.clientId,
        secret: credentials.clientSecret,
        scopes,
      }
    }),
    otherClient: recorder.once(async () => subject.enrol(await subject.newAgent())),
    redirectingClient: recorder.once(async () =>
      subject.enrol(await subject.newAgent(), { redirect_uris: [subject.redirectUri] }),
    ),
    async authorization(client, changes = {}) {
      const { providerId } = await target()
      return {
        client_id: client.id,
        agent_attestation: await attest(client.agent, base),
        provider_id: providerId,
        scopes: client.scopes,
        state: randomBytes(16).toString('hex'),
        ...changes,
      }
    },
    authorize: async (client, changes) =>
      post('/ath/authorize', await subject.authorization(client, changes)),
    async start(client, changes) {
      const answer = await subject.authorize(client, changes)
      const { ath_session_id, authorization_url } = answer.json
      if (answer.status !== 200 || typeof authorization_url !== 'string')
        throw new Unavailable(
          `needs an authorization that is answered 200 with a URL; got ${describe(answer)}`,
        )
      return { sessionId: String(ath_session_id), url: authorization_url }
    },
    async decided(client, decision, changes) {
      const consent = settings.consent ?? noConsent()
      const started = await subject.start(client, changes)
      await consent.answer(started.url, decision)
      return started
    },
    async visited(client, decision, { changes, ...options } = {}) {
      const consent = settings.consent ?? noConsent()
      if (!consent.browse) throw new Unavailable('sees what the browser sees: needs --consent auto')
      const browser = consent.browse()
      const started = await subject.start(client, changes)
      const visit = await browser.visit(started.url, decision, options)
      return { ...started, browser, visit }
    },
    async exchange(client, sessionId, changes = {}) {
      return post('/ath/token', {
        grant_type: 'authorization_code',
        client_id: client.id,
        client_secret: client.secret,
        agent_attestation: await attest(client.agent, at('/ath/token')),
        code: 'ath-session',
        ath_session_id: sessionId,
        ...changes,
      })
    },
    token: recorder.once(async () => subject.freshToken(await subject.client())),
    async freshToken(given, changes) {
      const client = given ?? (await subject.client())
      const { sessionId } = await subject.decided(client, 'approve', changes)
      const answer = await subject.exchange(client, sessionId)
      const { access_token } = answer.json
      if (answer.status !== 200 || typeof access_token !== 'string')
        throw new Unavailable(`needs a token; the exchange was answered ${describe(answer)}`)
      return { value: access_token, client, answer }
    },
    async address({ path = settings.call.path, provider } = {}) {
      const { providerId, apiBase } = await target()
      const direct = mode === 'native' && provider === undefined
      // Below the proxy an app is seen from its root.
      const inside = mode === 'native' ? new URL(apiBase).pathname.replace(/\/$/, '') : ''
      const prefix = direct ? apiBase : at(`/ath/proxy/${provider ?? providerId}${inside}`)
      return `${prefix}${pathBelow(path, inside)}`
    },
    async call({ value, client }, options = {}) {
      const agentId = options.agentId === undefined ? client.agent.id : options.agentId
      return send(await subject.address(options), {
        method: options.method ?? (options.path === undefined ? settings.call.method : 'GET'),
        headers: {
          ...bearer(value),
          ...(agentId === null ? {} : { 'x-ath-agent-id': agentId }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: options.body }),
      })
    },
    revoke: (changes) => post('/ath/revoke', changes),
    nineStep: recorder.once(() => openNineStep(subject)),
  }
  return subject
}

function noConsent(): never {
  throw new Unavailable('needs a person who answers: give --consent auto, command or print')
}

function approvedScopes({ json }: Answer, providerId: string): readonly string[] {
  const providers = Array.isArray(json['approved_providers']) ? json['approved_providers'] : []
  const found = (providers as readonly Members[]).find((one) => one['provider_id'] === providerId)
  return Array.isArray(found?.['approved_scopes']) ? (found['approved_scopes'] as string[]) : []
}
