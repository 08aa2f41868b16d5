/** How many numbers are set aside on disk at once. After a restart at most so many are skipped. */
const blockSize = 1024

/** Sets sequence numbers of one direction aside on disk before they are used, so that none is used again after a restart. */
export class SequenceReservation {
  readonly #reserve: (upTo: number) => Promise<number>
  readonly #overtaken: (end: number) => void
  #end: number
  #running: Promise<void> | undefined

  /**
   * `end`: what was set aside before; which of these were used nobody knows any more. `overtaken` is told when somebody
   * else set numbers aside meanwhile: those below `end` may have been used there.
   */
  constructor(
    end: number,
    reserve: (upTo: number) => Promise<number>,
    overtaken: (end: number) => void,
  ) {
    this.#end = end
    this.#reserve = reserve
    this.#overtaken = overtaken
  }

  /** Whether the number may be used at once; else wait for `cover`. */
  covers(seq: number): boolean {
    return seq < this.#end
  }

  /** Resolves once the number is set aside on disk. Rejects when the store is down. */
  async cover(seq: number): Promise<void> {
    while (!this.covers(seq)) {
      this.#running ??= this.#extend(seq + blockSize).finally(() => {
        this.#running = undefined
      })
      await this.#running
    }
  }

  async #extend(upTo: number): Promise<void> {
    const before = await this.#reserve(upTo)
    const isOvertaken = before > this.#end
    this.#end = Math.max(before, upTo)
    if (isOvertaken) this.#overtaken(before)
  }
}
