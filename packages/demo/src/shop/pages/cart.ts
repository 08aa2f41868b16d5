import { picture } from '../catalogue/pictures.ts'
import type { Shelf } from '../catalogue/shelf.ts'
import { html, type Html } from '../html.ts'
import { sayPrice } from '../money.ts'
import type { Cart, CartLine, Line } from '../orders/carts.ts'
import type { Session } from '../people/sessions.ts'
import type { Language } from '../text.ts'
import { formField } from './page.ts'
import { quantities } from './product.ts'
import { say, sayAddedBy } from './words.ts'

interface CartPage {
  readonly cart: Cart
  readonly shelf: Shelf
  readonly session: Session
}

export function cartPage(language: Language, { cart, shelf, session }: CartPage): Html {
  const title = html`<h1>${say(language, 'cart')}</h1>`
  if (cart.lines.length === 0) return html`${title}${emptyCart(language)}`
  return html`${title}<div class="two">
<div class="sheet"><ul class="lines">${cart.lines.map((line) => cartLine(language, line, shelf, session))}</ul></div>
<div class="sheet aside"><p class="sum grand"><span>${say(language, 'total')}</span> <span>${sayPrice(cart.totalFen)}</span></p>
<p><a class="button" href="/checkout">${say(language, 'checkOut')}</a></p></div>
</div>`
}

const emptyCart = (language: Language) =>
  html`<p>${say(language, 'emptyCart')}</p><p><a class="button" href="/">${say(language, 'backToProducts')}</a></p>`

function cartLine(
  language: Language,
  { product, quantity, addedBy }: CartLine,
  shelf: Shelf,
  { formToken }: Session,
): Html {
  const { id, priceFen } = product
  const name = product.name[language]
  return html`<li>${picture(id)}<div>
<h2><a href="/products/${id}">${name}</a></h2>
<p class="price">${sayPrice(priceFen * quantity)}${quantity > 1 && html` <span class="soft small">${sayPrice(priceFen)} ${say(language, 'each')}</span>`}</p>
${addedBy.kind === 'agent' && html`<p><span class="tag agent">${sayAddedBy(language, addedBy.name)}</span></p>`}
<div class="edit"><form method="post" action="/cart/items/${id}">${formField(formToken)}<select name="quantity" aria-label="${say(language, 'quantity')}: ${name}">${quantities(Math.min(shelf.stock(id), 10), quantity)}</select><button class="quiet" aria-label="${say(language, 'update')}: ${name}">${say(language, 'update')}</button></form>
<form method="post" action="/cart/items/${id}">${formField(formToken)}<input type="hidden" name="quantity" value="0"><button class="link" aria-label="${say(language, 'remove')}: ${name}">${say(language, 'remove')}</button></form></div>
</div></li>`
}

export function checkoutPage(language: Language, { cart, session }: Omit<CartPage, 'shelf'>): Html {
  const title = html`<h1>${say(language, 'checkOutTitle')}</h1>`
  if (cart.lines.length === 0) return html`${title}${emptyCart(language)}`
  return html`${title}<div class="two">
<div class="sheet">${sums(language, cart.lines)}
<p class="sum grand"><span>${say(language, 'total')}</span> <span>${sayPrice(cart.totalFen)}</span></p></div>
<div class="sheet aside"><dl>
<dt>${say(language, 'orderedBy')}</dt><dd>${session.name}</dd>
<dt>${say(language, 'delivery')}</dt><dd>${say(language, 'deliveryTo')}</dd>
<dt>${say(language, 'payment')}</dt><dd>${say(language, 'paymentBy')}</dd>
</dl>
<form method="post" action="/checkout">${formField(session.formToken)}<input type="hidden" name="cart" value="${cart.version}"><p><button>${say(language, 'placeOrder')} · ${sayPrice(cart.totalFen)}</button></p></form>
<p class="small"><a href="/cart">${say(language, 'backToCart')}</a></p></div>
</div>`
}

/** Lines of an order and what each comes to. */
export const sums = (language: Language, lines: readonly Line[]): readonly Html[] =>
  lines.map(
    ({ product, quantity }) =>
      html`<p class="sum"><span>${product.name[language]} × ${quantity}</span> <span>${sayPrice(product.priceFen * quantity)}</span></p>`,
  )
