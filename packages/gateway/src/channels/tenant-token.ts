import { type Clock, fail, ok, type Result } from '@ath-protocol/types'
import type { DeliveryFault } from './channel.ts'

interface Fetched {
  readonly token: string
  readonly lifetimeSeconds: number
}

type Fetch = (signal: AbortSignal) => Promise<Result<Fetched, DeliveryFault>>

/** An access token of ours at a vendor, fetched when needed and kept until a minute before its end. */
export class TenantToken {
  readonly #fetch: Fetch
  readonly #over: ReadonlySet<string>
  readonly #clock: Clock
  #kept: { readonly token: string; readonly until: number } | undefined

  /** `over`: the vendor's codes for a token that it no longer takes. */
  constructor(fetch: Fetch, over: ReadonlySet<string>, clock: Clock) {
    this.#fetch = fetch
    this.#over = over
    this.#clock = clock
  }

  /** Calls with the token, and once more with a new one when the vendor no longer takes the first. */
  async use<Value>(
    signal: AbortSignal,
    call: (token: string) => Promise<Result<Value, DeliveryFault>>,
  ): Promise<Result<Value, DeliveryFault>> {
    const answer = await this.#call(signal, call)
    if (answer.ok || answer.error.kind !== 'refused' || !this.#over.has(answer.error.code))
      return answer
    this.#kept = undefined
    return this.#call(signal, call)
  }

  async #call<Value>(
    signal: AbortSignal,
    call: (token: string) => Promise<Result<Value, DeliveryFault>>,
  ): Promise<Result<Value, DeliveryFault>> {
    const token = await this.#get(signal)
    return token.ok ? call(token.value) : token
  }

  async #get(signal: AbortSignal): Promise<Result<string, DeliveryFault>> {
    if (this.#kept && this.#kept.until > this.#clock.now()) return ok(this.#kept.token)
    const fetched = await this.#fetch(signal)
    if (!fetched.ok) return fetched
    const { token, lifetimeSeconds } = fetched.value
    if (token === '' || !Number.isFinite(lifetimeSeconds)) return fail({ kind: 'unreadable' })
    this.#kept = { token, until: this.#clock.now() + lifetimeSeconds - 60 }
    return ok(token)
  }
}
