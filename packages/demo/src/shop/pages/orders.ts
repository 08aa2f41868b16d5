import { html, type Html } from '../html.ts'
import { sayPrice } from '../money.ts'
import type { Order } from '../orders/orders.ts'
import type { Session } from '../people/sessions.ts'
import type { Hand } from '../people/shopper.ts'
import type { Language } from '../text.ts'
import { sums } from './cart.ts'
import { say, sayPlacedBy, sayTime } from './words.ts'

interface OrdersPage {
  readonly orders: readonly Order[]
  readonly session: Session
  /** The order that was placed a moment ago. */
  readonly placed: string | undefined
}

/** Every order, and whose hand placed it: the person's own, an app's, or an agent's. */
export function ordersPage(language: Language, { orders, session, placed }: OrdersPage): Html {
  const isNew = orders.some(({ id }) => id === placed)
  return html`<h1>${say(language, 'orders')}</h1>
${isNew && html`<p class="note" role="status">${say(language, 'thanks')}</p>`}
${orders.length === 0 && html`<p>${say(language, 'noOrders')}</p><p><a class="button" href="/">${say(language, 'backToProducts')}</a></p>`}
${orders.map((order) => orderSheet(language, order, session, order.id === placed))}`
}

const orderSheet = (
  language: Language,
  { id, placedAt, lines, totalFen, placedBy, confirmed }: Order,
  session: Session,
  isNew: boolean,
) => html`<article class="sheet order${isNew && ' new'}" aria-labelledby="${id}">
<header><h2 id="${id}">${id}</h2><span class="soft small">${sayTime(language, placedAt)}</span></header>
${sums(language, lines)}
<p class="sum grand"><span>${say(language, 'total')}</span> <span>${sayPrice(totalFen)}</span></p>
${hand(language, placedBy, session, confirmed)}
</article>
`

function hand(language: Language, placedBy: Hand, { name }: Session, confirmed: boolean): Html {
  if (placedBy.kind === 'person')
    return html`<p><span class="tag">${say(language, 'placedByYou')}</span></p>`
  const [who, what, id] =
    placedBy.kind === 'agent'
      ? [placedBy.name, say(language, 'whichAgent'), placedBy.id]
      : [say(language, 'byApp'), say(language, 'whichApp'), placedBy.clientId]
  return html`<p><span class="tag agent">${placedBy.kind === 'agent' ? sayPlacedBy(language, who) : who}</span>${confirmed && html` <span class="tag good">${say(language, 'confirmedByYou')}</span>`}</p>
<dl><dt>${say(language, 'forWhom')}</dt><dd>${name}</dd><dt>${what}</dt><dd>${id}</dd></dl>`
}
