import type { Browser } from './browser.ts'

export type Decision = 'approve' | 'deny'

/** How the person behind the test agent says yes or no at an `authorization_url`. */
export interface Consent {
  /** Resolves when the person has answered. */
  answer(url: string, decision: Decision): Promise<void>
  /** A new browser with no cookies, where the suite itself is the person: checks of what browsers see need it. */
  readonly browse?: () => Browser
}
