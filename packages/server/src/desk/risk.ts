import type { Risk } from '../ports/consents.ts'
import { html, type Html } from '../pages/html.ts'
import { type Language, say } from '../pages/messages/say.ts'

const order: readonly Risk[] = ['low', 'medium', 'high']

/** Sorts what an agent wants: people read the beginning with fresh eyes, and the end just before they click. */
export const riskiestLast = (one: { readonly risk: Risk }, other: { readonly risk: Risk }) =>
  order.indexOf(one.risk) - order.indexOf(other.risk)

/** In words, not by colour alone. */
export const highRisk = (language: Language): Html =>
  html`<span class="tag risk">! ${say(language, 'consent.high_risk')}</span>`
