import type { AthAnswer, AthCall } from '../wire/http.ts'
import { html, type Html } from './html.ts'
import { type Language, say } from './messages/say.ts'
import { mark } from './icons.ts'
import { style, styleHash } from './style.ts'
import { foreign } from './foreign-text.ts'

export interface Page {
  readonly language: Language
  /** Plain text for the browser's tab. */
  readonly title: string
  readonly body: Html
  readonly status: number
  /** Where the same page is shown in the other language; absent where opening it again would do something else. */
  readonly otherLanguage?: string
  /** A page to go on to at once. */
  readonly next?: string
  /** The path of a script of ours that the page needs; every other page allows none. */
  readonly script?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** Renders the gateway's own pages, all with the same frame and the same headers. */
export type RenderPage = (page: Page) => AthAnswer

/** `brand`: whose pages they are. Default `Sallyport`. `devUser`: everybody is this user, and every page says so. */
export function createPages(options: {
  readonly brand?: string
  readonly devUser?: string
}): RenderPage {
  return (page) => ({
    status: page.status,
    headers: { ...pageHeaders(page), ...page.headers },
    body: document(page, options).source,
  })
}

/** The address of the same page in the other language, with the rest of its query. */
export function inOtherLanguage(call: AthCall, language: Language): string {
  const query = new URLSearchParams(call.query)
  query.set('lang', language === 'en' ? 'zh-CN' : 'en')
  return `${call.path}?${query}`
}

function document(
  page: Page,
  { brand = 'Sallyport', devUser }: Parameters<typeof createPages>[0],
): Html {
  const { language } = page
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${page.title} · ${brand}</title>
${page.next !== undefined && html`<meta http-equiv="refresh" content="0;url=${page.next}">`}
<style>${sheet}</style>
${page.script !== undefined && html`<script src="${page.script}" defer></script>`}
</head>
<body>
${
  devUser !== undefined &&
  html`<aside class="warn">${say(language, 'page.dev_banner', { user: foreign(devUser) })}</aside>`
}
<a class="skip" href="#main">${say(language, 'page.main')}</a>
<header>${mark}<strong>${brand}</strong>${page.otherLanguage !== undefined && languageLink(page.otherLanguage, language)}</header>
<main id="main" tabindex="-1">
${page.body}
</main>
</body>
</html>
`
}

const languageLink = (href: string, language: Language): Html => {
  const other = language === 'en' ? 'zh-CN' : 'en'
  return html`<a class="lang" href="${href}" lang="${other}" hreflang="${other}">${say(language, 'page.language')}</a>`
}

/** The sheet holds no `<` and nothing from outside; escaping its quotes would change it. */
const sheet = html([style] as unknown as TemplateStringsArray)

function pageHeaders(page: Page): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-language': page.language,
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      `style-src ${styleHash}`,
      ...(page.script === undefined ? [] : ["script-src 'self'"]),
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    // Not `no-referrer`: browsers would then post our own forms with `Origin: null`. Other sites learn nothing.
    'referrer-policy': 'same-origin',
    // Also cuts the handle that a page which opened this one would keep on it while the person clicks.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  }
}
