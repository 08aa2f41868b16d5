import { html, type Html } from '../html.ts'
import { picture } from '../catalogue/pictures.ts'
import type { Product } from '../catalogue/products.ts'
import type { Shelf } from '../catalogue/shelf.ts'
import { sayPrice } from '../money.ts'
import type { Language } from '../text.ts'
import { say, sayLeft } from './words.ts'

const few = 10

export function browsePage(
  language: Language,
  { shelf, words }: { readonly shelf: Shelf; readonly words: string },
): Html {
  const found = shelf.search(words)
  return html`<div class="hero">
<div><h1>${say(language, 'headline')}</h1><p class="soft">${say(language, 'motto')}</p></div>
<form class="search" role="search" action="/"><input type="search" name="q" value="${words}" aria-label="${say(language, 'search')}" placeholder="${say(language, 'search')}"><button class="quiet">${say(language, 'searchButton')}</button></form>
</div>
${
  found.length === 0
    ? html`<p role="status">${say(language, 'nothingFound')} <a href="/">${say(language, 'showAll')}</a></p>`
    : html`<ul class="grid">${found.map((product) => card(language, product, shelf.stock(product.id)))}</ul>`
}`
}

const card = (language: Language, { id, name, priceFen }: Product, stock: number) =>
  html`<li class="card">${picture(id)}<div class="text"><h2><a href="/products/${id}">${name[language]}</a></h2><div class="foot"><p class="price">${sayPrice(priceFen)}</p>${stock < few && stockTag(language, stock)}</div></div></li>
`

export function stockTag(language: Language, stock: number): Html {
  if (stock === 0) return html`<span class="tag">${say(language, 'soldOut')}</span>`
  if (stock < few) return html`<span class="tag few">${sayLeft(language, stock)}</span>`
  return html`<span class="tag good">${say(language, 'inStock')}</span>`
}
