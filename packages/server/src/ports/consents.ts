import type {
  AgentId,
  ClientId,
  ConsentId,
  ProviderScope,
  Restrictions,
  UserId,
} from '@ath-protocol/types'

/** How bad it is when the answer is wrong; the highest of the scopes asked for. `high` needs a passkey. */
export type Risk = 'low' | 'medium' | 'high'

/** How a person proved to be the one who decides: signed in, with a passkey, with a registered key, or in a chat. */
export type ConsentMethod = 'session' | 'passkey' | 'key' | `chat:${string}`

/**
 * One question to one person: what both handshakes, every page and every channel ask with. Decided once, by
 * compare-and-set; whoever comes second gets the first answer.
 */
export interface ConsentRequest {
  /** In links to people only; agents get `requestReference(id)`. */
  readonly id: ConsentId
  readonly handshake: {
    /** `step_up`: no handshake, but one request that the person has to confirm. */
    readonly kind: 'two_phase' | 'nine_step' | 'step_up'
    readonly id: string
  }
  readonly clientId: ClientId
  readonly agentId: AgentId
  /** The DID under which the agent came; absent in the two-phase handshake. */
  readonly clientDid?: string
  /** Who is asked; absent where whoever follows the agent's link and signs in decides (two-phase). */
  readonly userId?: UserId
  /** Everything that the agent requested, in its order. */
  readonly requested: readonly ProviderScope[]
  /** Of those, what can be approved: what the service approved and a credential allows. */
  readonly offered: readonly ProviderScope[]
  /** The agent's own words: shown as such. */
  readonly words?: string
  readonly risk: Risk
  /** What limits the permission whatever the person answers. */
  readonly restrictions: readonly Restrictions[]
  /** The longest the permission can live, in seconds. */
  readonly longestSeconds: number
  /** Step 6 as canonical JSON: what a signed answer is an answer to (nine-step); the request to confirm (`step_up`). */
  readonly message?: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly decision?: ConsentDecided
}

/** The standing answer. */
export interface ConsentDecided {
  readonly approved: boolean
  readonly userId: UserId
  /** Empty when denied. */
  readonly scopes: readonly ProviderScope[]
  readonly lifetimeSeconds: number
  readonly method: ConsentMethod
  /** Step 7 as canonical JSON where the person signed it: the evidence. */
  readonly message?: string
  readonly decidedAt: number
}

export interface ConsentStore {
  /** False when there is a question for this handshake already: of two at once one is asked. Durable when it returns. */
  insert(consent: ConsentRequest): Promise<boolean>
  find(id: ConsentId): Promise<ConsentRequest | undefined>
  findByHandshake(handshakeId: string): Promise<ConsentRequest | undefined>
  /** Of two answers at once one wins: undefined when there was a decision or `expiresAt` has passed at `decidedAt`. */
  decide(id: ConsentId, decision: ConsentDecided): Promise<ConsentRequest | undefined>
  /** Asked of this user or decided by them, newest first. `pendingAt`: undecided and not expired then. At most `limit`, default 100. */
  list(filter: {
    readonly userId: UserId
    readonly pendingAt?: number
    readonly limit?: number
  }): Promise<readonly ConsentRequest[]>
  /** The undecided questions that have expired by `now`, each given once, to one caller: so that their channels are told. */
  takeExpired(now: number): Promise<readonly ConsentRequest[]>
  /** Removes undecided questions that expired, and decided ones that were decided, before `before`. */
  sweep(before: number): Promise<number>
}

/** Brings a question to its person by channels that are not the agent's (D13, D14). */
export interface ConsentNotifier {
  /** Tries the person's channels in turn. Never throws; that nobody could be reached is recorded, and the page still waits. */
  ask(consent: ConsentRequest): Promise<void>
  /** The question was answered or has expired: replaces what was sent by its outcome. Never throws. */
  settled(consent: ConsentRequest): Promise<void>
}
