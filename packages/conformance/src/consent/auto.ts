import { Unavailable } from '../check/verdict.ts'
import type { Send } from '../wire/http.ts'
import { createBrowser } from './browser.ts'
import type { Consent } from './consent.ts'
import type { PageWords } from './page.ts'

/** The suite is the person, in a browser of its own. */
export function autoConsent(send: Send, words: PageWords): Consent {
  const browse = () => createBrowser(send, words)
  return {
    browse,
    async answer(url, decision) {
      const { decided, seen } = await browse().visit(url, decision)
      // Development servers may agree without asking; nobody denies without a button.
      if (decided || decision === 'approve') return
      throw new Unavailable(
        `found no button to ${decision} at ${seen.at(-1)?.url ?? url}: name it with --deny-button`,
      )
    },
  }
}
