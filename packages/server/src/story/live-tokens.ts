import { approvedScopes } from '../endpoint/approved.ts'
import { type Grant, type GrantStore, type TokenRecord, type TokenStore } from '../ports/grants.ts'
import { type LiveChanges } from '../ports/live.ts'
import { type AgentRegistry, type Registration } from '../ports/registry.ts'
import { type BearerToken } from '../proxy/bearer.ts'
import { type Restricted, type RestrictedGrant } from '../restriction/check-restrictions.ts'
import { hashSecret, tokenRef } from '../secret/hash.ts'
import {
  type ClientId,
  type Clock,
  type CompiledRestrictions,
  type Failure,
  fail,
  type GrantId,
  ok,
  type ProviderId,
  type Result,
} from '@ath-protocol/types'
import type { LiveSession, LiveSessions } from './live-sessions.ts'
import type { LiveAgent, LiveGrant, LiveToken } from './live-token.ts'
import { loadSessionToken, type ReadSessionToken } from './session-token.ts'
import { createTokenHeaders, type NamedToken } from './token-headers.ts'

/** Tokens in use, in memory. The stores are asked only for a token not seen yet. */
export interface LiveTokens extends LiveChanges {
  /** By the whole `Authorization` value: the fast way for a token seen before; a session's token was seen at `providerId`. */
  findByHeader(authorization: string, providerId: ProviderId): LiveToken | undefined
  /**
   * `token` has the form of a token; `authorization` is the header it came in. A session's token is one for each of its
   * providers. Failures: `token_unknown`, `token_malformed`, `dependency_down`; of a session's token that does not open
   * the provider also `token_revoked`, `token_expired`, `provider_differs`. Nothing is remembered of unknown tokens.
   */
  load(
    token: BearerToken,
    authorization: string,
    providerId: ProviderId,
  ): Promise<Result<LiveToken, Failure>>
  /** Another process changed the stores: everything is read again at its next use, and at once for calls in flight. */
  storesChanged(): Promise<void>
}

export interface LiveTokensOptions {
  readonly tokens: Pick<TokenStore, 'find'>
  readonly grants: Pick<GrantStore, 'find'>
  readonly registry: Pick<AgentRegistry, 'findByClientId'>
  readonly sessions: LiveSessions
  /** Whether a JWT is an access token that this gateway signed, however old. */
  readonly readSessionToken: ReadSessionToken
  /** What limits the calls of a grant now. */
  readonly limitsOf: (agent: Restricted, grant: RestrictedGrant) => CompiledRestrictions | undefined
  readonly clock: Clock
  /** Others write to the stores, too: what was read before is read again for each call. Default false. */
  readonly shared?: boolean
  /** Tokens kept in memory; default 100,000. Those with calls in flight stay beyond it. */
  readonly capacity?: number
  /** Unknown tokens looked up at once; default 1,000. One more is answered 503. */
  readonly maxLoads?: number
  /** Called when calls in flight may have lost their permission. */
  readonly changed: () => void
}

interface Entry extends NamedToken {
  generation: number
}

export function createLiveTokens(options: LiveTokensOptions): LiveTokens {
  const { capacity = 100_000, maxLoads = 1000, shared = false, clock, changed } = options
  const byHash = new Map<string, Entry>()
  const headers = createTokenHeaders<Entry>()
  const grants = new Map<GrantId, LiveGrant>()
  const agents = new Map<ClientId, LiveAgent>()
  const scopeSets = new Map<string, ReadonlySet<string>>()
  const loading = new Map<string, Promise<Result<LiveToken, Failure>>>()
  const verifying = new Map<string, Promise<Result<LiveToken, Failure>>>()
  let generation = 0
  // A load that a change overtakes reads again: what it saw before may not become the truth.
  let changes = 0

  const usable = (entry: Entry | undefined): LiveToken | undefined =>
    entry && !shared && entry.generation === generation && !entry.token.agent.stale
      ? entry.token
      : undefined

  async function read(hash: string): Promise<Result<LiveToken, Failure>> {
    while (true) {
      const before = changes
      const record = await options.tokens.find(hash)
      const [grant, agent, session] = record
        ? await Promise.all([
            options.grants.find(record.grantId),
            options.registry.findByClientId(record.clientId),
            record.sessionId === undefined ? undefined : options.sessions.find(record.sessionId),
          ])
        : []
      if (changes !== before) continue
      const known = byHash.get(hash)
      const lost = record?.sessionId !== undefined && !session
      if (!record || !grant || !agent || lost) {
        if (known) known.token.revokedAt ??= clock.now()
        // An ended session took its grants with it; whoever holds its token may hear so.
        const isRevoked = lost && (record.revokedAt ?? grant?.revokedAt) !== undefined
        return fail({ reason: isRevoked ? 'token_revoked' : 'token_unknown' })
      }
      const found = liveAgent(agent)
      const entry = known ?? insert(record, liveGrant(grant, found), found, session)
      entry.token.revokedAt ??= record.revokedAt
      entry.token.grant.revokedAt ??= grant.revokedAt
      refresh(entry.token.agent, agent)
      entry.generation = generation
      return ok(entry.token)
    }
  }

  function insert(
    record: TokenRecord,
    grant: LiveGrant,
    agent: LiveAgent,
    session: LiveSession | undefined,
  ): Entry {
    makeRoom()
    const issuedScopes = internScopes(record.scopes)
    if (session) session.tokens++
    grant.tokens++
    agent.tokens++
    const token: LiveToken = {
      hash: record.hash,
      ref: tokenRef(record.hash),
      clientId: record.clientId,
      agentId: record.agentId,
      session,
      clientDid: session?.clientDid,
      userId: record.userId,
      providerId: record.providerId,
      issuedScopes,
      scopes: issuedScopes,
      expiresAt: record.expiresAt,
      agent,
      grant,
      revokedAt: record.revokedAt,
      uses: 0,
    }
    token.scopes = stillApproved(token)
    const entry = { token, header: undefined, generation }
    byHash.set(record.hash, entry)
    return entry
  }

  function liveGrant(found: Grant, agent: LiveAgent): LiveGrant {
    const { id, providerId, restrictions, expiresAt } = found
    let grant = grants.get(id)
    if (!grant) {
      const limits = options.limitsOf(agent, found)
      grant = { id, providerId, restrictions, limits, expiresAt, revokedAt: undefined, tokens: 0 }
      grants.set(id, grant)
    }
    return grant
  }

  function liveAgent(found: Registration): LiveAgent {
    const { clientId, status, approvalExpiresAt, approvals, restrictions } = found
    let agent = agents.get(clientId)
    if (!agent) {
      const changing = { status, approvalExpiresAt, approvals, restrictions }
      agent = { clientId, ...changing, stale: false, tokens: 0 }
      agents.set(clientId, agent)
    }
    return agent
  }

  function refresh(agent: LiveAgent, now: Registration): void {
    agent.status = now.status
    agent.approvalExpiresAt = now.approvalExpiresAt
    agent.stale = false
    if (isSame(agent.approvals, now.approvals) && isSame(agent.restrictions, now.restrictions))
      return
    agent.approvals = now.approvals
    agent.restrictions = now.restrictions
    // Rare, and while it lasts no call is decided: looking at every token is cheaper than an index kept for this.
    for (const { token } of byHash.values())
      if (token.agent === agent) {
        token.scopes = stillApproved(token)
        token.grant.limits = options.limitsOf(agent, token.grant)
      }
  }

  function stillApproved({ agent, providerId, issuedScopes }: LiveToken): ReadonlySet<string> {
    const approved = approvedScopes(agent, providerId) ?? []
    return internScopes(approved.filter((scope) => issuedScopes.has(scope)))
  }

  /** Most tokens hold one of a few sets: shared, a million tokens cost a few sets. */
  function internScopes(scopes: readonly string[]): ReadonlySet<string> {
    const key = [...scopes].sort().join(' ')
    let set = scopeSets.get(key)
    if (!set) {
      if (scopeSets.size >= 10_000) scopeSets.clear()
      set = new Set(scopes)
      scopeSets.set(key, set)
    }
    return set
  }

  /** Forgets the oldest token; used again, it is read again. */
  function makeRoom(): void {
    if (byHash.size < capacity) return
    let looked = 0
    for (const [hash, entry] of byHash) {
      byHash.delete(hash)
      if (entry.token.uses === 0) {
        headers.forget(entry)
        options.sessions.release(entry.token.session)
        if (--entry.token.grant.tokens === 0) grants.delete(entry.token.grant.id)
        if (--entry.token.agent.tokens === 0) agents.delete(entry.token.clientId)
        return
      }
      byHash.set(hash, entry)
      if (++looked === 100) return
    }
  }

  const load = (hash: string) => once(loading, hash, () => read(hash))

  /** Asks once for all who want the same at once. */
  function once(
    running: Map<string, Promise<Result<LiveToken, Failure>>>,
    key: string,
    start: () => Promise<Result<LiveToken, Failure>>,
  ): Promise<Result<LiveToken, Failure>> {
    const known = running.get(key)
    if (known) return known
    if (running.size >= maxLoads) return Promise.resolve(storeDown('too many look-ups at once'))
    const started = start()
      .catch((cause: unknown) => storeDown(cause instanceof Error ? cause.message : String(cause)))
      .finally(() => running.delete(key))
    running.set(key, started)
    return started
  }

  function loadOpaque(text: string): Promise<Result<LiveToken, Failure>> {
    const hash = hashSecret(text)
    const known = usable(byHash.get(hash))
    return known ? Promise.resolve(ok(known)) : load(hash)
  }

  async function reread(agent: LiveAgent): Promise<void> {
    const before = changes
    const found = await options.registry.findByClientId(agent.clientId).catch(() => undefined)
    // A later change reads for itself.
    if (changes !== before) return
    if (found) refresh(agent, found)
    // Unknown, or the store is down: calls in flight end; new ones ask the store again.
    else agent.status = 'denied'
  }

  return {
    findByHeader: (authorization, providerId) => usable(headers.find(authorization, providerId)),
    async load({ text, kind }, authorization, providerId) {
      const result = await (kind === 'opaque'
        ? loadOpaque(text)
        : once(verifying, `${text} ${providerId}`, () =>
            loadSessionToken({ ...options, load }, text, providerId),
          ))
      const entry = result.ok ? byHash.get(result.value.hash) : undefined
      if (entry) headers.remember(entry, authorization)
      return result
    },
    tokenRevoked(hash) {
      changes++
      const entry = byHash.get(hash)
      if (entry) entry.token.revokedAt ??= clock.now()
      changed()
    },
    grantRevoked(id) {
      changes++
      const grant = grants.get(id)
      if (grant) grant.revokedAt ??= clock.now()
      changed()
    },
    agentChanged(clientId) {
      changes++
      const agent = agents.get(clientId)
      if (!agent) return
      agent.stale = true
      void reread(agent).then(changed)
    },
    async storesChanged() {
      changes++
      generation++
      const inUse = [...byHash].filter(([, entry]) => entry.token.uses > 0)
      await Promise.all(
        inUse.map(async ([hash, entry]) => {
          const result = await load(hash)
          // A store that does not answer has taken nothing back; new calls wait for it.
          if (!result.ok && result.error.reason !== 'dependency_down')
            entry.token.revokedAt ??= clock.now()
        }),
      )
      changed()
    },
  }
}

const isSame = <Value>(one: Value, other: Value) =>
  one === other || JSON.stringify(one) === JSON.stringify(other)

const storeDown = (cause: string): Result<never, Failure> =>
  fail({ reason: 'dependency_down', dependency: 'store', cause })
