import {
  fail,
  importAgentKey,
  ok,
  type AttestationFault,
  type Clock,
  type IdentityDocument,
  type Result,
} from '@ath-protocol/types'
import type { IdentityDocuments } from '../ports/identity-documents.ts'
import { readIdentityDocument } from './read-document.ts'

/** R22: a document is never used for longer. */
const longestCacheSeconds = 300
/** After a failed fetch the agent is not asked again for this long: a flood for one dead agent costs one fetch. */
const failureCacheSeconds = 10
/** R24: fetches past the cache, per agent. */
const refetchIntervalSeconds = 60

export interface AgentKeysOptions {
  readonly documents: IdentityDocuments
  readonly clock: Clock
  /** Documents and failures kept, each. Default 1000; the one used least recently goes first. */
  readonly maxAgents?: number
  /** Fetches at one time. Default 64; more answer `document_unavailable`, so that a flood of names opens no flood of connections. */
  readonly maxFetches?: number
}

/** What an agent publishes, with its keys ready for use. */
export interface PublishedAgent {
  readonly document: IdentityDocument
  key(kid: string | undefined): Promise<Result<CryptoKey, AttestationFault>>
}

type Fetched = Result<PublishedAgent, AttestationFault>

export interface AgentKeys {
  /** `cached` tells whether it was fetched for an earlier caller: only then can a newer one exist. */
  find(agentId: URL): Promise<Result<{ agent: PublishedAgent; cached: boolean }, AttestationFault>>
  /**
   * Something newer than `seen`, fetched past the cache at most once per agent and minute; undefined when it may not
   * be fetched, or could not (R23, R24).
   */
  refetch(agentId: URL, seen: PublishedAgent): Promise<PublishedAgent | undefined>
}

interface Entry {
  readonly agent: PublishedAgent
  readonly fetchedAt: number
  readonly lifetimeSeconds: number
}

/**
 * The identity documents of agents, for at most five minutes or as long as their `Cache-Control` allows (R20–R22).
 * One fetch per agent at a time, whoever waits for it.
 */
export function createAgentKeys(options: AgentKeysOptions): AgentKeys {
  const { clock, documents } = options
  const maxAgents = options.maxAgents ?? 1000
  const maxFetches = options.maxFetches ?? 64
  const entries = new Map<string, Entry>()
  const failures = new Map<string, { readonly fault: AttestationFault; readonly at: number }>()
  const refetchedAt = new Map<string, number>()
  const fetching = new Map<string, Promise<Fetched>>()
  const refetching = new Map<string, Promise<Fetched>>()

  const isWithin = (since: number, seconds: number) => {
    const age = clock.now() - since
    // A clock that was set back must not make an old document young.
    return age >= 0 && age < seconds
  }

  const fetchOnce = (
    agentId: URL,
    inFlight: Map<string, Promise<Fetched>>,
    keepFailure: boolean,
  ): Promise<Fetched> => {
    const running = inFlight.get(agentId.href)
    if (running) return running
    if (fetching.size + refetching.size >= maxFetches)
      return Promise.resolve(
        fail({ kind: 'document_unavailable', evidence: 'too many fetches in flight' }),
      )
    const fetch = load(documents, agentId).then(({ result, lifetimeSeconds }) => {
      inFlight.delete(agentId.href)
      if (result.ok) {
        failures.delete(agentId.href)
        const entry = { agent: result.value, fetchedAt: clock.now(), lifetimeSeconds }
        keep(entries, agentId.href, entry, maxAgents)
      } else if (keepFailure)
        keep(failures, agentId.href, { fault: result.error, at: clock.now() }, maxAgents)
      return result
    })
    inFlight.set(agentId.href, fetch)
    return fetch
  }

  const mayRefetch = (agentId: string): boolean => {
    for (const [agent, at] of refetchedAt)
      if (!isWithin(at, refetchIntervalSeconds)) refetchedAt.delete(agent)
    // Forgetting one that is still counted would break the limit, so a full table refuses (fail closed).
    if (refetchedAt.has(agentId) || refetchedAt.size >= maxAgents) return false
    refetchedAt.set(agentId, clock.now())
    return true
  }

  return {
    async find(agentId) {
      const entry = entries.get(agentId.href)
      if (entry && isWithin(entry.fetchedAt, entry.lifetimeSeconds)) {
        keep(entries, agentId.href, entry, maxAgents)
        return ok({ agent: entry.agent, cached: true })
      }
      entries.delete(agentId.href)
      const failure = failures.get(agentId.href)
      if (failure && isWithin(failure.at, failureCacheSeconds)) return fail(failure.fault)
      const fetched = await fetchOnce(agentId, fetching, true)
      return fetched.ok ? ok({ agent: fetched.value, cached: false }) : fetched
    },

    async refetch(agentId, seen) {
      // Two attestations signed with a new key may arrive together: the second takes what the first one fetched.
      const entry = entries.get(agentId.href)
      if (entry && entry.agent !== seen) return entry.agent
      if (!refetching.has(agentId.href) && !mayRefetch(agentId.href)) return undefined
      const fetched = await fetchOnce(agentId, refetching, false)
      return fetched.ok ? fetched.value : undefined
    },
  }
}

async function load(
  documents: IdentityDocuments,
  agentId: URL,
): Promise<{ readonly result: Fetched; readonly lifetimeSeconds: number }> {
  try {
    const fetched = await documents.fetch(agentId)
    if (!fetched.ok) return { result: fetched, lifetimeSeconds: 0 }
    const document = readIdentityDocument(agentId.href, fetched.value.json)
    const { maxAgeSeconds = longestCacheSeconds } = fetched.value
    return {
      result: document.ok ? ok(withKeys(document.value)) : document,
      lifetimeSeconds: Math.min(maxAgeSeconds, longestCacheSeconds),
    }
  } catch (cause) {
    const evidence = `the fetch failed: ${String(cause)}`
    return { result: fail({ kind: 'document_unavailable', evidence }), lifetimeSeconds: 0 }
  }
}

function withKeys(document: IdentityDocument): PublishedAgent {
  const imported = new Map<string | undefined, Promise<Result<CryptoKey, AttestationFault>>>()
  // Agents choose `kid` freely when there is a single key; only names that choose a key may fill the map.
  const names = new Set(
    (document.public_keys ?? []).map((key) => (typeof key === 'object' ? key['kid'] : undefined)),
  )
  return {
    document,
    key(kid) {
      const name = names.has(kid) ? kid : undefined
      const known = imported.get(name)
      if (known) return known
      const key = importAgentKey(document, kid)
      if (name !== undefined || names.size === 0) imported.set(name, key)
      return key
    },
  }
}

/** Keeps the newest at the end of the map, and the map bounded. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return
  const oldest = map.keys().next().value
  if (oldest !== undefined) map.delete(oldest)
}
