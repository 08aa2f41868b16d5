import { html, type Html } from '../pages/html.ts'
import { mark } from '../pages/icons.ts'
import type { Language } from '../pages/messages/say.ts'
import { style, styleHash } from '../pages/style.ts'
import type { AthAnswer } from '../wire/http.ts'
import { texts } from './texts.ts'

export interface DevPage {
  readonly status: number
  readonly language: Language
  readonly title: string
  readonly body: Html
  /** The same page in the other language; absent where opening it again would do something else. */
  readonly otherLanguage?: string
  readonly cookies?: readonly string[]
}

/** One frame for every page of the development log-in; it says on each what it is. */
export function renderPage(page: DevPage): AthAnswer {
  const { language, otherLanguage } = page
  const other = language === 'en' ? 'zh-CN' : 'en'
  const say = texts[language]
  const document = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${page.title}</title>
<style>${sheet}</style>
</head>
<body>
<aside class="warn"><strong>${say.banner}</strong></aside>
<a class="skip" href="#main">${say.skip}</a>
<header>${mark}<strong>devIdp</strong>${otherLanguage !== undefined && html`<a class="lang" href="${otherLanguage}" lang="${other}" hreflang="${other}">${say.language}</a>`}</header>
<main id="main" tabindex="-1">
${page.body}
</main>
</body>
</html>
`
  return {
    status: page.status,
    headers: {
      ...headers,
      'content-language': language,
      ...(page.cookies ? { 'set-cookie': page.cookies } : {}),
    },
    body: document.source,
  }
}

/** A page that only says why it goes no further. */
export function stoppedPage(language: Language, status: number, text: Html | string): AthAnswer {
  const title = texts[language].stopped
  return renderPage({ status, language, title, body: html`<h1>${title}</h1><p>${text}</p>` })
}

/** The sheet holds no `<` and nothing from outside; escaping its quotes would change it. */
const sheet = html([style] as unknown as TemplateStringsArray)

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // No `form-action`: browsers hold every redirect after the form to it, and where the application sends people on to
  // from its own redirect URI is unknown here.
  'content-security-policy': `default-src 'none'; style-src ${styleHash}; base-uri 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
