import { type GrantId, ok, type ProviderId } from '@ath-protocol/types'
import { createRateLimits } from '../adapters/memory/rate-limits.ts'
import { openHttpUpstream } from '../adapters/node-http/upstream.ts'
import { createOutbound } from '../adapters/outbound/outbound.ts'
import { keysOfSecret } from '../adapters/secret-keys/secret-keys.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { systemRandom } from '../adapters/system/random.ts'
import { unverifiedAttestations } from '../agent/unverified-attestations.ts'
import { createAttestationVerifier } from '../agent/verify-attestation.ts'
import { openNineStep } from '../compose/open-nine-step.ts'
import { openPeople, type People } from '../compose/open-people.ts'
import { sweepStore } from '../compose/sweep-store.ts'
import type { AskedCall, Credential } from '../credentials/credential.ts'
import { oauth2Credential } from '../credentials/oauth2.ts'
import { createDevIdp, type DevIdp } from '../dev-idp/dev-idp.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { endGrantBy } from '../grant/end-grant-by.ts'
import { createAthHandlers } from '../handlers.ts'
import type { LoginSettings } from '../login/settings.ts'
import { memoryStore } from '../memory/memory-store.ts'
import { endReplacedKeys } from '../nine-step/admit-agent.ts'
import { createOAuthBridge } from '../oauth/bridge.ts'
import { createOAuthServers } from '../oauth/oauth-servers.ts'
import type { AuditSink } from '../ports/audit.ts'
import type { ConsentNotifier } from '../ports/consents.ts'
import type { LiveChanges } from '../ports/live.ts'
import type { HeaderList } from '../proxy/headers.ts'
import type { ScopeMap } from '../proxy/scope-map.ts'
import { limitsOf } from '../restriction/check-restrictions.ts'
import type { Route } from '../story/exchange.ts'
import { createInFlight } from '../story/in-flight.ts'
import { createLiveSessions } from '../story/live-sessions.ts'
import { createLiveTokens } from '../story/live-tokens.ts'
import { createRecorder } from '../story/record.ts'
import { sessionTokenReader } from '../story/session-token.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import { carryCall } from './carried-call.ts'
import type { AppParts } from './app-parts.ts'
import { devIdpFetch } from './dev-idp-fetch.ts'
import { devIdpPath, type NativeSettings, peopleMount } from './settings.ts'

const sweepMilliseconds = 60_000
const reviewMilliseconds = 1000
const askMilliseconds = 2000
/** Longest request that the proxy passes on. */
const proxiedBytes = 16 * 1024 * 1024

export interface Reports {
  readonly audit: AuditSink
  readonly log: (line: string) => void
}

/** Opens the app's side of ATH: the composition root of native mode. Rejects when a part cannot be opened. */
export async function openApp(settings: NativeSettings, reports: Reports): Promise<AppParts> {
  const { config, appId } = settings
  const clock = systemClock
  const random = systemRandom
  const keys = keysOfSecret(settings.secret ?? random.token(32), random)
  const store = await (settings.store ?? memoryStore()).open({ seal: keys.seal, random })
  const outbound = createOutbound({
    allowNetworks: settings.allowNetworks,
    allowLoopbackHttp: config.allowLoopbackHttp,
    connectTimeoutSeconds: 5,
    readTimeoutSeconds: 10,
  })
  const report: AthPorts['report'] = (cause, recordId) =>
    reports.log(
      `ath: a fault of its own (${recordId || 'no record'}): ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
    )
  const attestations = settings.trustsAgents
    ? unverifiedAttestations(clock)
    : createAttestationVerifier({
        documents: outbound.identityDocuments,
        replay: store.replay,
        clock,
        allowLoopbackHttp: config.allowLoopbackHttp,
      })
  const devIdp = openDevIdp(settings, attestations)
  const oauthOptions = {
    providers: new Map([[appId, settings.oauth]]),
    callbackUrl: config.callbackUrl,
    fetch: devIdp ? devIdpFetch(devIdp, outbound.fetch) : outbound.fetch,
    clock,
    allowInsecureHttp: !settings.production,
  }
  const limits = createRateLimits(settings.limits, clock)
  const { audit } = reports
  const inFlight = createInFlight()
  const changes: { current?: LiveChanges } = {}
  const live: LiveChanges = {
    tokenRevoked: (hash) => changes.current?.tokenRevoked(hash),
    grantRevoked: (id) => changes.current?.grantRevoked(id),
    agentChanged: (id) => changes.current?.agentChanged(id),
  }
  const nineStep =
    config.nineStep &&
    (await openNineStep({
      store,
      handshakeSigner: keys.signer('handshake'),
      tokenSigner: keys.signer('token'),
      documents: outbound.identityDocuments,
      notifier: nobodyElse,
    }))
  const ports: AthPorts = {
    config,
    clock,
    random,
    registry: store.registry,
    handshakes: store.handshakes,
    consents: store.consents,
    grants: store.grants,
    tokens: store.tokens,
    providerTokens: store.providerTokens,
    attestations,
    oauth: createOAuthBridge(oauthOptions),
    users: store.users,
    ...(nineStep ? { nineStep } : {}),
    audit,
    limits,
    live,
    report,
  }
  await endReplacedKeys(ports)
  const { issuer } = settings.oauth
  // Without an issuer nobody can be signed in here: the OAuth server alone asks.
  const people =
    issuer === undefined
      ? undefined
      : openPeople(ports, {
          login: loginAt(issuer, settings.oauth),
          store,
          outbound: oauthOptions.fetch,
          brand: settings.name,
        })
  const handle = createAthHandlers({ ...ports, ...(people ? { desk: people.desk } : {}) })
  const liveTokens = createLiveTokens({
    ...ports,
    shared: store.shared,
    sessions: createLiveSessions(nineStep?.sessions),
    readSessionToken: sessionTokenReader(config.baseUrl, nineStep?.tokenKey.publicKey),
    limitsOf: (agent, grant) => limitsOf(config, agent, grant),
    changed: () => inFlight.review(clock.now()),
  })
  changes.current = liveTokens
  const recorder = createRecorder(audit)
  const upstream = openHttpUpstream({
    origin: settings.upstream,
    connectTimeoutSeconds: 5,
    headersTimeoutSeconds: 60,
    idleTimeoutSeconds: 120,
  })
  const credential = oauth2Credential(appId, {
    ...ports,
    endGrant: (id) => endGrantById(ports, id),
  })
  const basePath = settings.upstream.pathname.replace(/\/+$/, '')
  const routeOf = (scopeMap: ScopeMap, credential: Credential): ReadonlyMap<ProviderId, Route> =>
    new Map([
      [
        appId,
        {
          providerId: appId,
          upstream,
          scopeMap,
          amounts: settings.amounts,
          credential,
          basePath,
          maxRequestBytes: proxiedBytes,
        },
      ],
    ])
  const callPorts = { clock, limits, live: liveTokens, inFlight, audit: recorder }
  const oauthServers = createOAuthServers(oauthOptions)
  /** What another process revoked ends the calls that are open here. */
  const askStore = () => {
    if (inFlight.size > 0) void liveTokens.storesChanged()
  }
  const timers = [
    setInterval(
      () => void sweepStore(ports, store, (cause) => report(cause, '')),
      sweepMilliseconds,
    ),
    setInterval(() => inFlight.review(clock.now()), reviewMilliseconds),
    ...(store.shared ? [setInterval(askStore, askMilliseconds)] : []),
  ]
  for (const timer of timers) timer.unref()
  return {
    settings,
    ports,
    replay: store.replay,
    recorder,
    inFlight,
    logins: store.logins,
    nineStep,
    seal: keys.seal,
    callPorts: (scopeMap) => ({ ...callPorts, routes: routeOf(scopeMap, credential) }),
    proxyPorts: {
      ...callPorts,
      routes: routeOf(
        settings.scopeMap,
        carrying(credential, (asked) => carryCall(asked, { seal: keys.seal, clock })),
      ),
    },
    findOAuthServer: () => oauthServers.find(appId),
    answer: async (call) => answerPeople(call, people, devIdp) ?? handle(call),
    async close() {
      for (const timer of timers) clearInterval(timer)
      inFlight.stopAll({ reason: 'draining' })
      await upstream.close()
      await outbound.close()
      await store.close()
    },
  }
}

/** The user's own token, and what else goes along. */
const carrying = (credential: Credential, carry: (asked: AskedCall) => HeaderList): Credential => ({
  ...credential,
  mint: async (token, path, asked) => {
    const minted = await credential.mint(token, path, asked)
    return minted.ok ? ok([...minted.value, ...carry(asked)]) : minted
  },
})

/** Nobody is brought a question here: people find it on their page, and their programs in the inbox. */
const nobodyElse: ConsentNotifier = { ask: async () => {}, settled: async () => {} }

function openDevIdp(
  { config, devIdp, name, appId, oauth, production }: NativeSettings,
  attestations: AthPorts['attestations'],
): DevIdp | undefined {
  if (!devIdp) return undefined
  const bases = [config.baseUrl, ...config.aliases]
  return createDevIdp({
    issuer: `${config.baseUrl}${devIdpPath}`,
    clients: [
      {
        clientId: oauth.clientId,
        redirectUris: bases.flatMap((base) => [
          `${base}/ath/callback`,
          `${base}${peopleMount}/login/callback`,
        ]),
        name,
      },
    ],
    ...(devIdp.people === undefined ? {} : { people: devIdp.people }),
    scopes: config.providers.get(appId)?.scopes ?? [],
    clock: systemClock,
    random: systemRandom,
    production,
    attestations,
  })
}

/** How people sign in to ATH's own pages: at the app's OAuth server, where they are its users. */
const loginAt = (
  issuer: string,
  { clientId, clientSecret, clientAuth }: NativeSettings['oauth'],
): LoginSettings => ({
  kind: 'oidc',
  issuer,
  clientId,
  ...(clientSecret === undefined ? {} : { clientSecret }),
  ...(clientAuth === undefined ? {} : { clientAuth }),
  scopes: ['openid', 'profile', 'email'],
  sessionSeconds: 8 * 3600,
})

function answerPeople(
  call: AthCall,
  people: People | undefined,
  devIdp: DevIdp | undefined,
): Promise<AthAnswer | undefined> | undefined {
  if (devIdp && call.path.startsWith(`${devIdpPath}/`)) return devIdp.handle(call)
  return people?.login.answer(call) ?? people?.me.answer(call)
}

async function endGrantById(ports: AthPorts, id: GrantId): Promise<void> {
  const grant = await ports.grants.find(id)
  if (grant) await endGrantBy(ports, grant, 'gateway')
}
