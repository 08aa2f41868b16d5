import type { AthPorts } from '../endpoint/ports.ts'
import { foreign } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { say } from '../pages/messages/say.ts'
import { sayTimeLeft } from '../pages/messages/time.ts'
import { inChosenLanguage, type Visit } from './own-pages.ts'

/** More at once are not questions but a flood. */
const mostShown = 20

/**
 * The questions that wait for this person, each with the way to its page: where no other channel reaches them, this is
 * how they learn that they are asked (D14).
 */
export async function waitingQuestions(
  { consents, registry, clock }: Pick<AthPorts, 'consents' | 'registry' | 'clock'>,
  { call, language, signedIn }: Visit,
): Promise<Html | undefined> {
  const now = clock.now()
  const pending = await consents.list({
    userId: signedIn.person.id,
    pendingAt: now,
    limit: mostShown,
  })
  if (pending.length === 0) return undefined
  const items = pending.map(async ({ id, clientId, agentId, expiresAt }) => {
    const agent = foreign((await registry.findByClientId(clientId))?.name ?? agentId, 80)
    return html`<article class="grant"><h2>${say(language, 'me.asks', { agent })}</h2>
<div class="who"><span class="soft">${say(language, 'me.answer_within', { duration: sayTimeLeft(language, expiresAt - now) })}</span><a class="button quiet" href="${inChosenLanguage({ query: call.query }, `/ath/confirm/${id}`)}">${say(language, 'me.answer')}</a></div></article>`
  })
  return html`<section aria-labelledby="waiting"><h2 id="waiting">${say(language, 'me.waiting')}</h2>
${await Promise.all(items)}</section>`
}
