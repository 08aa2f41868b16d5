import { picture } from '../catalogue/pictures.ts'
import type { Product } from '../catalogue/products.ts'
import { html, type Html } from '../html.ts'
import { sayPrice } from '../money.ts'
import { signInPath } from '../people/return-to.ts'
import type { Session } from '../people/sessions.ts'
import type { Language } from '../text.ts'
import { stockTag } from './browse.ts'
import { formField } from './page.ts'
import { say } from './words.ts'

interface ProductPage {
  readonly product: Product
  readonly stock: number
  readonly session: Session | undefined
  /** It was put into the cart a moment ago. */
  readonly added: boolean
}

export function productPage(
  language: Language,
  { product, stock, session, added }: ProductPage,
): Html {
  const { id, name, about, priceFen } = product
  return html`${added && html`<p class="note" role="status">${say(language, 'added')} <a href="/cart">${say(language, 'toCart')}</a></p>`}
<div class="product">
${picture(id)}
<div>
<h1>${name[language]}</h1>
<p>${about[language]}</p>
<p class="price">${sayPrice(priceFen)}</p>
<p>${stockTag(language, stock)}</p>
${stock > 0 && (session ? buyForm(language, id, stock, session) : html`<p class="buy"><a class="button" href="${signInPath(`/products/${id}`)}">${say(language, 'signInToBuy')}</a></p>`)}
<p class="small"><a href="/">${say(language, 'backToProducts')}</a></p>
</div>
</div>`
}

const buyForm = (language: Language, id: string, stock: number, { formToken }: Session) =>
  html`<form class="buy" method="post" action="/cart/items">${formField(formToken)}<input type="hidden" name="product_id" value="${id}">
<label><span>${say(language, 'quantity')}</span><select name="quantity">${quantities(Math.min(stock, 10), 1)}</select></label>
<button>${say(language, 'addToCart')}</button></form>`

/** The options of a list of quantities from 1. */
export const quantities = (most: number, chosen: number): readonly Html[] =>
  Array.from(
    { length: Math.max(most, chosen) },
    (_, index) => html`<option${index + 1 === chosen && html` selected`}>${index + 1}</option>`,
  )
