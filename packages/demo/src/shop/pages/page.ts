import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'
import { html, type Html, toSource } from '../html.ts'
import type { Session } from '../people/sessions.ts'
import type { Shop } from '../shop.ts'
import type { Language } from '../text.ts'
import { signInPath } from '../people/return-to.ts'
import { languageOf } from './language.ts'
import { style } from './style.ts'
import { say, type Word } from './words.ts'

export interface Page {
  readonly title: string
  readonly body: Html
  /** Which entry of the menu this page is. */
  readonly here?: 'products' | 'cart' | 'orders'
  readonly status?: number
}

/** What every page shows beside itself. */
interface Frame {
  readonly language: Language
  readonly session: Session | undefined
  readonly inCart: number
  /** The same page in the other language. */
  readonly otherLanguage: string
  /** Where somebody who signs in comes back to. */
  readonly path: string
}

const logo = html`<svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="16" fill="#123a55"/><path d="M14 8h4l2 14h-8z" fill="#fff"/><path d="M13.300 13h5.400l.4 3h-6.200z" fill="#e2603f"/><path d="M13 8l3-3 3 3z" fill="#e2603f"/><path d="M5 23q2.750-2.500 5.500 0t5.500 0 5.500 0 5.500 0" stroke="#7fcbdd" stroke-width="2" fill="none" stroke-linecap="round"/></svg>`
const bag = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M5 8h14l1 12H4zM9 8a3 3 0 0 1 6 0"/></svg>`

/** Sends pages of the shop, all with the same frame and the same headers. */
export type SendPage = (request: Request, response: Response, page: Page) => void

export function createSendPage({ carts }: Shop): SendPage {
  return (request, response, page) => {
    const session = request.signedIn
    const lines = session ? carts.of(session.shopperId).lines : []
    const frame: Frame = {
      language: languageOf(request),
      session,
      inCart: lines.reduce((count, { quantity }) => count + quantity, 0),
      otherLanguage: inOtherLanguage(request),
      path: request.method === 'GET' ? request.originalUrl : '/',
    }
    response
      .status(page.status ?? 200)
      .set({ ...pageHeaders, 'content-language': frame.language })
      .send(toSource(document(page, frame)))
  }
}

function inOtherLanguage(request: Request): string {
  const url = new URL(request.method === 'GET' ? request.originalUrl : '/', 'http://shop')
  url.searchParams.set('lang', languageOf(request) === 'en' ? 'zh' : 'en')
  return url.pathname + url.search
}

function document({ title, body, here }: Page, frame: Frame): Html {
  const { language, session, inCart } = frame
  const other = language === 'en' ? 'zh' : 'en'
  const entry = (name: 'products' | 'cart' | 'orders', href: string, content: Html) =>
    html`<li><a href="${href}"${name === here && html` aria-current="page"`}>${content}</a></li>`
  const word = (name: Word) => html`${say(language, name)}`
  return html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} · Blue Harbour 蓝港</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<style>${sheet}</style>
</head>
<body>
<a class="skip" href="#main">${word('skip')}</a>
<header><div class="bar">
<a class="brand" href="/">${logo}<span>Blue Harbour <span lang="zh-CN">蓝港</span></span></a>
<nav aria-label="${word('menu')}"><ul>
${entry('products', '/', word('products'))}
${entry('orders', '/orders', word('orders'))}
${entry('cart', '/cart', html`${bag}${word('cart')}${inCart > 0 && html` <span class="count">${inCart}</span>`}`)}
</ul></nav>
<div class="who">
${session ? signedIn(session, language) : html`<a href="${signInPath(frame.path)}">${word('signIn')}</a>`}
<a href="${frame.otherLanguage}" lang="${other === 'zh' ? 'zh-CN' : 'en'}" hreflang="${other}">${other === 'zh' ? '中文' : 'English'}</a>
</div>
</div></header>
<main id="main" tabindex="-1">
${body}
</main>
<footer><p>${word('footer')}</p></footer>
</body>
</html>
`
}

const signedIn = ({ name, formToken }: Session, language: Language) =>
  html`<span class="name">${name}</span><form method="post" action="/sign-out">${formField(formToken)}<button class="link">${say(language, 'signOut')}</button></form>`

/** What every form of a session carries. */
export const formField = (formToken: string): Html =>
  html`<input type="hidden" name="form_token" value="${formToken}">`

/** The sheet holds no `<` and nothing from outside; escaping its quotes would change it. */
const sheet = html([style] as unknown as TemplateStringsArray)

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "img-src 'self'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: browsers would then post our own forms with `Origin: null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** The logo as a file of its own, for the browser's tab. */
export const icon: string = toSource(logo).replace(
  '<svg ',
  '<svg xmlns="http://www.w3.org/2000/svg" ',
)
