import type { ConsentQuestion } from '../ports/consent-desk.ts'
import { foreign } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { type Language, say } from '../pages/messages/say.ts'

/** Who asks: what they say of themselves, what was proven by signature, and what the operator knows. */
export function whoAsks(
  language: Language,
  { agent, consent }: ConsentQuestion,
  namedHere: boolean,
): Html {
  const itself = namedHere
    ? html`<span class="tag yes">✓ ${say(language, 'consent.named_here')}</span>`
    : html`<span class="tag">${say(language, 'consent.says_itself')}</span>`
  const checked = html`<span class="tag yes">✓ ${say(language, 'consent.address_checked')}</span>`
  const { name, id } = agent.developer
  const host = addressHost(agent.agentId)
  return html`<section aria-labelledby="who"><h2 id="who">${say(language, 'consent.who')}</h2>
<dl>
<dt>${say(language, 'consent.name')}</dt><dd><strong>${foreign(agent.name)}</strong> ${itself}</dd>
${host !== undefined && html`<dt>${say(language, 'consent.address')}</dt><dd>${foreign(host)} ${checked}</dd>`}
${consent.clientDid !== undefined && html`<dt>${say(language, 'consent.did')}</dt><dd>${foreign(consent.clientDid, 512)} ${checked}</dd>`}
<dt>${say(language, 'consent.developer')}</dt><dd>${foreign(name)} <code>${foreign(id)}</code> ${itself}</dd>
</dl></section>`
}

/** In the form that cannot be mistaken: an international host as ASCII, as the URL parser leaves it. None for a DID. */
function addressHost(agentId: string): string | undefined {
  const url = URL.canParse(agentId) ? new URL(agentId) : undefined
  return url && url.host !== '' ? url.host : undefined
}
