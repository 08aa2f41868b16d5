import type { UpstreamLeg, UpstreamLegStore } from '../ports/nine-step.ts'

/** People on the way to a provider's own page, in process memory. */
export class InMemoryUpstreamLegStore implements UpstreamLegStore {
  readonly #byState = new Map<string, UpstreamLeg>()

  async insert(leg: UpstreamLeg): Promise<void> {
    if (this.#byState.has(leg.stateHash)) throw new Error('a leg with this state is stored already')
    this.#byState.set(leg.stateHash, leg)
  }

  async take(stateHash: string): Promise<UpstreamLeg | undefined> {
    const leg = this.#byState.get(stateHash)
    this.#byState.delete(stateHash)
    return leg
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [stateHash, { expiresAt }] of this.#byState)
      if (expiresAt < before && this.#byState.delete(stateHash)) swept++
    return swept
  }
}
