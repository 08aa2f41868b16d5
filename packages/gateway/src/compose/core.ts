import { join } from 'node:path'
import {
  type AuditSink,
  createMockProvider,
  createOAuthBridge,
  type LiveChanges,
  type OAuthBridge,
  type OAuthProviderSettings,
  routeOAuth,
} from '@ath-protocol/server'
import type { ProviderId } from '@ath-protocol/types'
import { type AuditLog, openAudit } from '../adapters/audit-file/open-audit.ts'
import {
  createOutbound,
  type Keys,
  type LogLine,
  openKeys,
  openStore,
  type Outbound,
  type Store,
  systemClock,
  systemRandom,
} from '@ath-protocol/server/parts'
import type { GatewayConfig } from '../config/config.ts'
import { createWatch } from '../watch/watch.ts'
import { watchedAudit } from '../watch/watched-audit.ts'

/** Where things lie in a data folder. */
export const layout = (dataDir: string) => ({
  keys: join(dataDir, 'keys'),
  store: join(dataDir, 'sallyport.db'),
  audit: join(dataDir, 'audit'),
})

/** What a gateway and an operator's command on a stopped one both stand on. */
export interface Core {
  readonly keys: Keys
  readonly store: Store
  readonly auditLog: AuditLog
  /** The audit log, watched: repeated faults raise alerts. */
  readonly audit: AuditSink
  readonly outbound: Outbound
  readonly oauth: OAuthBridge
  readonly report: (cause: unknown, recordId: string | undefined) => void
  /** Waits for provider tokens that are being given back, and closes everything in turn. */
  close(): Promise<void>
}

export async function openCore(
  config: GatewayConfig,
  live: Pick<LiveChanges, 'agentChanged'>,
  log: (line: LogLine) => void,
): Promise<Core> {
  const paths = layout(config.dataDir)
  const keys = openKeys({
    dir: paths.keys,
    protects: [paths.store, paths.audit],
    clock: systemClock,
    random: systemRandom,
  })
  const store = await openStore({ file: paths.store, seal: keys.seal, random: systemRandom })
  const auditLog = await openAudit({
    dir: paths.audit,
    signer: keys.signer('audit'),
    clock: systemClock,
    random: systemRandom,
    segmentBytes: config.audit.segmentBytes,
    durability: config.audit.durability,
    anchor: store.auditAnchor,
  }).catch(async (cause: unknown) => {
    await store.close()
    throw cause
  })
  const report: Core['report'] = (cause, recordId) =>
    log({
      level: 'error',
      event: 'bug',
      message: `a fault of the gateway itself (${recordId ?? 'no record'}): ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
    })
  const audit = watchedAudit({
    audit: auditLog,
    watch: createWatch(config.alerts),
    clock: systemClock,
    registry: store.registry,
    live,
    raise: ({ rule, subject }) =>
      log({
        level: 'warn',
        event: 'alert_raised',
        message: `${rule.count} × ${rule.event} within ${rule.perSeconds} s by ${subject}${rule.suspend ? ': suspended' : ''}`,
        details: { event: rule.event, subject, count: rule.count },
      }),
    report: (cause) => report(cause, undefined),
  })
  const outbound = createOutbound({
    ...config.identityDocuments,
    allowLoopbackHttp: config.ath.allowLoopbackHttp,
  })
  const revocations = new Set<Promise<unknown>>()
  return {
    keys,
    store,
    auditLog,
    audit,
    outbound,
    oauth: trackRevocations(openOAuth(config, outbound), revocations),
    report,
    async close() {
      await Promise.allSettled(revocations)
      // The record of a revocation is written in the turn after it.
      await new Promise(setImmediate)
      await auditLog.close()
      await store.close()
      await outbound.close()
    },
  }
}

/** Remembers the revocations under way, so that closing waits for them. */
function trackRevocations(oauth: OAuthBridge, running: Set<Promise<unknown>>): OAuthBridge {
  return {
    ...oauth,
    revoke(providerId, tokens) {
      const revocation = oauth.revoke(providerId, tokens)
      running.add(revocation)
      void revocation.finally(() => running.delete(revocation))
      return revocation
    },
  }
}

function openOAuth(config: GatewayConfig, outbound: Outbound): OAuthBridge {
  const { callbackUrl } = config.ath
  const providers = new Map<ProviderId, OAuthProviderSettings>()
  const mocks = new Map<ProviderId, OAuthBridge>()
  for (const { id, auth } of config.providers.values()) {
    if (auth.kind === 'oauth2') providers.set(id, auth)
    if (auth.kind === 'mock_oauth2')
      mocks.set(
        id,
        createMockProvider({
          callbackUrl,
          user: auth.user,
          clock: systemClock,
          random: systemRandom,
        }),
      )
  }
  const real = createOAuthBridge({
    providers,
    callbackUrl,
    fetch: outbound.fetch,
    clock: systemClock,
    allowInsecureHttp: config.mode === 'dev',
  })
  return routeOAuth({ real, mocks })
}
