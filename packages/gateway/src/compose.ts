import { existsSync, readFileSync } from 'node:fs'
import {
  type AthPorts,
  type ConsentNotifier,
  createAthHandlers,
  createAttestationVerifier,
  endGrantBy,
  endReplacedKeys,
  type GrantPorts,
  type LiveChanges,
  type NineStepPorts,
  type RateLimits,
} from '@ath-protocol/server'
import type { GrantId } from '@ath-protocol/types'
import { createAuditReader } from './adapters/audit-file/audit-reader.ts'
import { verifyAudit } from './adapters/audit-file/verify-audit.ts'
import {
  createRateLimits,
  type LogLine,
  openKeys,
  openPeople,
  openStore,
  StartError,
  sweepStore,
  systemClock,
  systemRandom,
} from '@ath-protocol/server/parts'
import { openUndiciUpstream } from './adapters/undici/upstream.ts'
import { type AdminApi, createAdminApi } from './admin/api.ts'
import type { RunningGateway } from './cli/composition.ts'
import { openConfirm, pressPorts } from './compose/channels.ts'
import { type Core, layout, openCore } from './compose/core.ts'
import { openNineStep } from './compose/nine-step.ts'
import type { GatewayConfig } from './config/config.ts'
import { answerPublishedKeys } from './credentials/published-keys.ts'
import { createDataPath, type DataPath } from './listener/data-path.ts'
import { openListener } from './listener/listener.ts'
import { openRoutes } from './listener/open-routes.ts'
import type { AuditReader } from './ports/audit-reader.ts'

const sweepIntervalMilliseconds = 60_000

/** Opens the gateway: the one place that picks adapters. Rejects when a part cannot be opened; nothing is left open then. */
export async function openGateway(
  config: GatewayConfig,
  log: (line: LogLine) => void,
): Promise<RunningGateway> {
  let dataPath: DataPath | undefined
  // The handlers are made before the data path that they tell of changes.
  const live: LiveChanges = {
    tokenRevoked: (hash) => dataPath?.live.tokenRevoked(hash),
    grantRevoked: (id) => dataPath?.live.grantRevoked(id),
    agentChanged: (id) => dataPath?.live.agentChanged(id),
  }
  const core = await openCore(config, live, log)
  try {
    const limits = createRateLimits(config.limits, systemClock)
    const channels = openConfirm(config, core, limits, log)
    const nineStep = await openNineStep(config, core, channels.notifier)
    const ports = openPorts(config, core, live, limits, nineStep)
    await endReplacedKeys(ports)
    const press = pressPorts(ports, core)
    const { login, me, desk } = openPeople(ports, {
      login: config.login,
      store: core.store,
      outbound: core.outbound.fetch,
    })
    const handle = createAthHandlers({ ...ports, desk })
    const assertions = core.keys.signer('assertion')
    const publishedKeys = [assertions, ...(ports.nineStep ? [core.keys.signer('token')] : [])]
    dataPath = createDataPath({
      ...ports,
      routes: openRoutes(config.providers.values(), {
        ...ports,
        openUpstream: openUndiciUpstream,
        readCa: (file) => readFileSync(file, 'utf8'),
        signer: assertions,
        issuer: config.ath.baseUrl,
        findUser: (id) => core.store.logins.findUser(id),
        endGrant: (id) => endGrantById(ports, id),
      }),
      durable: config.audit.durability === 'always',
      report: core.report,
    })
    const open = dataPath
    const listener = await openListener({
      listen: config.listen,
      dataPath: open,
      control: async (call) =>
        answerPublishedKeys(call, publishedKeys) ??
        (await (login.answer(call) ??
          me.answer(call) ??
          channels.answer(call, press) ??
          handle(call))),
      health: { missing: () => missing(core) },
      secure: config.ath.baseUrl.startsWith('https:'),
      report: core.report,
    })
    const sweeper = setInterval(() => {
      void sweepStore(ports, core.store, (cause) => core.report(cause, undefined))
    }, sweepIntervalMilliseconds)
    core.audit.record({
      event: 'gateway_started',
      outcome: 'allowed',
      evidence: { mode: config.mode },
    })
    return {
      url: config.ath.baseUrl,
      adminApi: openAdmin(config, ports, config.mode),
      async drain() {
        clearInterval(sweeper)
        await listener.close()
        await open.close()
        await channels.close()
        core.audit.record({ event: 'gateway_stopped', outcome: 'allowed' })
        await core.close()
      },
    }
  } catch (cause) {
    await dataPath?.close()
    await core.close()
    throw cause
  }
}

/** The operators' API on the store itself, while no gateway runs. */
export async function openOffline(
  config: GatewayConfig,
): Promise<{ readonly adminApi: AdminApi; close(): Promise<void> }> {
  const nobody: LiveChanges = {
    tokenRevoked: () => {},
    grantRevoked: () => {},
    agentChanged: () => {},
  }
  const core = await openCore(config, nobody, () => {})
  const limits = createRateLimits(config.limits, systemClock)
  const nineStep = await openNineStep(config, core, nobodyElse)
  const ports = openPorts(config, core, nobody, limits, nineStep)
  return { adminApi: openAdmin(config, ports, 'offline'), close: () => core.close() }
}

/** Reads the audit log of a data folder, while its gateway runs or not. */
export async function openAuditReader(dataDir: string): Promise<AuditReader> {
  const paths = layout(dataDir)
  if (!existsSync(paths.audit))
    throw new StartError(
      `there is no audit log in ${dataDir}`,
      'name the configuration of a gateway that has run (--config)',
    )
  const keys = openKeys({
    dir: paths.keys,
    protects: [paths.audit],
    clock: systemClock,
    random: systemRandom,
  })
  return createAuditReader(paths.audit, async () => {
    const store = await openStore({ file: paths.store, seal: keys.seal, random: systemRandom })
    try {
      const anchor = await store.auditAnchor.read()
      return await verifyAudit({
        dir: paths.audit,
        publicKey: keys.signer('audit').publicJwk(),
        knownHeads: anchor === undefined ? [] : [anchor],
      })
    } finally {
      await store.close()
    }
  })
}

/** Nobody is asked anything while no gateway runs. */
const nobodyElse: ConsentNotifier = { ask: async () => {}, settled: async () => {} }

function openPorts(
  config: GatewayConfig,
  core: Core,
  live: LiveChanges,
  limits: RateLimits,
  nineStep: NineStepPorts | undefined,
): AthPorts {
  const { store, outbound } = core
  const { allowLoopbackHttp } = config.ath
  return {
    config: config.ath,
    clock: systemClock,
    random: systemRandom,
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
      clock: systemClock,
      allowLoopbackHttp,
    }),
    oauth: core.oauth,
    audit: core.audit,
    limits,
    ...(nineStep ? { nineStep } : {}),
    live,
    report: core.report,
  }
}

function openAdmin(
  config: GatewayConfig,
  ports: AthPorts,
  mode: 'dev' | 'start' | 'offline',
): AdminApi {
  return createAdminApi({
    ...ports,
    config: config.ath,
    gateway: { mode, startedAt: systemClock.now() },
  })
}

/** What keeps the gateway from deciding or recording, by name. */
async function missing(core: Core): Promise<readonly string[]> {
  const store = await core.store.check().then(
    () => undefined,
    () => 'store',
  )
  const audit = core.auditLog.broken() ? 'audit' : undefined
  return [store, audit].filter((name) => name !== undefined)
}

async function endGrantById(ports: GrantPorts, id: GrantId): Promise<void> {
  const grant = await ports.grants.find(id)
  if (grant) await endGrantBy(ports, grant, 'gateway')
}
