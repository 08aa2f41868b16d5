import type { Redis } from 'ioredis'
import { userDirectory } from '../../login/user-directory.ts'
import type { Store, StoreDeps } from '../../ports/store.ts'
import { answering } from '../answering.ts'
import { loadDriver } from '../load-driver.ts'
import { readServiceUrl } from '../service-url.ts'
import { StartError } from '../start-error.ts'
import { createAgentRegistry } from './agent-registry.ts'
import { createChannelIdentityStore, createDeliveryStore } from './channel-stores.ts'
import { createCommit } from './commit.ts'
import { createConsentStore } from './consent-store.ts'
import { durabilityWarnings } from './durability.ts'
import { explainRedisFailure } from './failure.ts'
import { createGrantStore } from './grant-store.ts'
import { createHandshakeStore } from './handshake-store.ts'
import { createLoginStore } from './login-store.ts'
import { createNineStepStore } from './nine-step-store.ts'
import { createPasskeyStore } from './passkey-store.ts'
import { createPreAuthorizationStore } from './pre-authorization-store.ts'
import { createProviderTokenStore } from './provider-token-store.ts'
import { createReplayStore } from './replay-store.ts'
import { createSessionStore } from './session-store.ts'
import type { RedisPorts } from './table.ts'
import { createTokenStore } from './token-store.ts'
import { createUpstreamLegStore } from './upstream-leg-store.ts'
import { createUserKeyStore } from './user-key-store.ts'

export interface RedisOptions {
  /** `redis://user:password@host:6379/0`, or `rediss:` for TLS. Redis >= 6.2 or Valkey, one primary, no cluster. */
  readonly url: string
  /** Begins every key, so that a server can be shared. Default `ath`. */
  readonly prefix?: string
}

const connectMilliseconds = 5_000
/** No command of ours takes long: who waits longer waits for a server that hangs. */
const answerMilliseconds = 5_000
/** How the data lies; raised when an older version could not read it any more. */
const format = 1

/**
 * Opens a Redis or Valkey store: any number of processes may share it. It is as durable as that server is configured to
 * be, and a warning says what it may lose. Throws a `StartError` for a server that cannot be reached or used.
 */
export async function openRedis(options: RedisOptions & StoreDeps): Promise<Store> {
  const { seal, random, prefix = 'ath' } = options
  const { shown } = readServiceUrl(options.url, ['redis:', 'rediss:'])
  if (!/^[\w.{}:-]+$/.test(prefix))
    throw new StartError(
      `the prefix \`${prefix}\` of the store is no plain name`,
      'use letters, digits and _ . - : only, as in `ath`',
    )
  const { Redis } = await loadDriver('ioredis', () => import('ioredis'))
  let isOpen = false
  let failure: unknown
  const redis = new Redis(options.url, {
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connectMilliseconds,
    commandTimeout: answerMilliseconds,
    keepAlive: 10_000,
    // A command that was under way may have been done: it is not repeated, its caller learns at once that nobody answered.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // While it opens, one try tells; later it comes back whenever the server does.
    retryStrategy: (times) => (isOpen ? Math.min(times * 100, 1_000) : null),
    // After a failover the old primary is a replica: the name leads to the new one.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
  redis.on('error', (cause) => {
    failure ??= cause
  })
  try {
    await redis.connect()
    // A database that cannot be selected is told by an event only, and another one would be used.
    if (failure !== undefined) throw failure
    await checkServer(redis, { shown, prefix })
    isOpen = true
    return createRedisStore({ redis, commit: createCommit(redis), prefix }, { seal, random })
  } catch (cause) {
    redis.disconnect()
    throw explainRedisFailure(shown, failure ?? cause)
  }
}

async function checkServer(
  redis: Redis,
  { shown, prefix }: { readonly shown: string; readonly prefix: string },
): Promise<void> {
  const key = `${prefix}:format`
  await redis.set(key, format, 'NX')
  const found = Number(await redis.get(key))
  if (found > format)
    throw new StartError(
      `the store ${shown} (prefix ${prefix}) was written by a newer version (format ${found})`,
      'start the version that wrote it, or use another `prefix`',
    )
  const info = await redis.info().catch(() => '')
  if (/^cluster_enabled:1/m.test(info))
    throw new StartError(
      `the store ${shown} is a cluster`,
      'use a single primary (with replicas), or postgresStore',
    )
  // Managed servers may refuse CONFIG: then they say nothing about snapshots, and mostly have them.
  const [, save = 'unknown'] = await redis
    .config('GET', 'save')
    .then((answer) => answer as string[])
    .catch(() => [])
  for (const warning of durabilityWarnings(shown, info, save !== ''))
    process.emitWarning(warning, { code: 'ATH_STORE_NOT_DURABLE' })
}

function createRedisStore(ports: RedisPorts, { seal, random }: StoreDeps): Store {
  const { redis, prefix } = ports
  const headKey = `${prefix}:auditHead`
  const logins = answering(createLoginStore(ports, seal, random))
  return {
    shared: true,
    registry: answering(createAgentRegistry(ports)),
    handshakes: answering(createHandshakeStore(ports, seal)),
    nineStep: answering(createNineStepStore(ports)),
    consents: answering(createConsentStore(ports)),
    sessions: answering(createSessionStore(ports, seal)),
    grants: answering(createGrantStore(ports)),
    tokens: answering(createTokenStore(ports)),
    providerTokens: answering(createProviderTokenStore(ports, seal)),
    replay: answering(createReplayStore(ports)),
    userKeys: answering(createUserKeyStore(ports)),
    preAuthorizations: answering(createPreAuthorizationStore(ports)),
    legs: answering(createUpstreamLegStore(ports, seal)),
    passkeys: answering(createPasskeyStore(ports)),
    channelIdentities: answering(createChannelIdentityStore(ports)),
    deliveries: answering(createDeliveryStore(ports)),
    logins,
    users: userDirectory(logins),
    auditAnchor: answering({
      read: async () => (await redis.get(headKey)) ?? undefined,
      save: async (head: string) => {
        await redis.set(headKey, head)
      },
    }),
    ...answering({
      check: async () => {
        await redis.get(headKey)
      },
    }),
    close: async () => {
      // What was asked is answered first, unless nobody answers.
      await redis.quit().catch(() => {})
      redis.disconnect()
    },
  }
}
