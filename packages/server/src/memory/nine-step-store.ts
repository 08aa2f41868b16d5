import { advanceNineStep, type NineStepEvent } from '@ath-protocol/types'
import type { NineStepChanges, NineStepHandshake, NineStepStore } from '../ports/nine-step.ts'

/** Pending nine-step handshakes in process memory. Each method is one synchronous step, so of two messages one wins. */
export class InMemoryNineStepStore implements NineStepStore {
  readonly #byId = new Map<string, NineStepHandshake>()

  async insert(handshake: NineStepHandshake): Promise<void> {
    if (this.#byId.has(handshake.id)) throw new Error('a handshake with this id is stored already')
    this.#byId.set(handshake.id, handshake)
  }

  async find(id: string): Promise<NineStepHandshake | undefined> {
    return this.#byId.get(id)
  }

  async advance(
    id: string,
    event: NineStepEvent,
    now: number,
    changes: NineStepChanges = {},
  ): Promise<NineStepHandshake | undefined> {
    const current = this.#byId.get(id)
    if (!current) return undefined
    const next = advanceNineStep(current.state, event, { now, expiresAt: current.expiresAt })
    if (!next.ok) return undefined
    const transcript = { ...current.transcript, ...changes.transcript }
    const advanced: NineStepHandshake = { ...current, ...changes, transcript, state: next.value }
    this.#byId.set(id, advanced)
    return advanced
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [id, { expiresAt }] of this.#byId)
      if (expiresAt < before && this.#byId.delete(id)) swept++
    return swept
  }
}
