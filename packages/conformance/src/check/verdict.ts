/** How one check ended, and the one sentence why. */
export interface Verdict {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly because: string
}

/** The subject did not do what the row asks. The message says what was sent, what came back and what was expected. */
export class Unmet extends Error {
  override readonly name = 'Unmet'
}

/** The check could not be made here: something that it stands on is not there. The message says what, and how to give it. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/** What a thrown value means for the check that it ended. What is neither of ours is a fault that we saw at the subject: no answer, or no JSON. */
export function verdictOf(cause: unknown): Verdict {
  const because = cause instanceof Error ? cause.message : String(cause)
  return { outcome: cause instanceof Unavailable ? 'skipped' : 'failed', because }
}
