import { type Clock, fail, ok, type Result } from '@ath-protocol/types'
import type { DeliveryFault } from './channel.ts'

interface Fetched {
  readonly token: string
  readonly lifetimeSeconds: number
}

/** An access token of ours at a vendor, fetched when needed and kept until a minute before its end. */
export class TenantToken {
  readonly #fetch: (signal: AbortSignal) => Promise<Result<Fetched, DeliveryFault>>
  readonly #clock: Clock
  #kept: { readonly token: string; readonly until: number } | undefined

  constructor(
    fetch: (signal: AbortSignal) => Promise<Result<Fetched, DeliveryFault>>,
    clock: Clock,
  ) {
    this.#fetch = fetch
    this.#clock = clock
  }

  async get(signal: AbortSignal): Promise<Result<string, DeliveryFault>> {
    if (this.#kept && this.#kept.until > this.#clock.now()) return ok(this.#kept.token)
    const fetched = await this.#fetch(signal)
    if (!fetched.ok) return fetched
    const { token, lifetimeSeconds } = fetched.value
    if (token === '') return fail({ kind: 'unreadable' })
    this.#kept = { token, until: this.#clock.now() + lifetimeSeconds - 60 }
    return ok(token)
  }

  /** The vendor no longer takes it: the next call fetches another. */
  forget(): void {
    this.#kept = undefined
  }
}
