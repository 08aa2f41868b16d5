import { isOnThisMachine } from '../place.ts'
import { goesOnTo, type PageForm, readForms, titleOf } from './page-form.ts'
import { TryFault } from './try-fault.ts'

/** What a browser keeps while it goes from page to page. */
export interface DevPerson {
  /** Opens an address and says yes wherever a page asks, to what it proposes. Returns what the last page says. */
  agree(address: string): Promise<string>
}

const mostPages = 20
const mostBytes = 1_048_576

/**
 * A person of a development log-in, without a browser: signs in as whoever the page proposes. Goes to pages of this
 * machine only, and types nothing: a log-in that asks for a password is for people.
 */
export function createDevPerson(request: typeof fetch, signal: AbortSignal): DevPerson {
  // Cookies go by host, whatever its port (RFC 6265 §8.5).
  const jars = new Map<string, Map<string, string>>()

  const open = async (url: URL, init: RequestInit = {}): Promise<Response> => {
    if (!isOnThisMachine(url.href))
      throw new TryFault(
        `the log-in is elsewhere, at ${url.origin}`,
        'for a try on your own, set `devIdp: true` in ath.config; else leave out --auto and answer in your browser',
      )
    const jar = jars.get(url.hostname) ?? new Map<string, string>()
    jars.set(url.hostname, jar)
    const headers = new Headers(init.headers)
    headers.set('accept', 'text/html')
    headers.set('sec-fetch-site', 'same-origin')
    if (jar.size > 0)
      headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await request(url.href, { ...init, headers, redirect: 'manual', signal })
    for (const cookie of response.headers.getSetCookie()) keepCookie(jar, cookie)
    return response
  }

  const agree = async (address: string): Promise<string> => {
    let url = new URL(address)
    let response = await open(url)
    const pressed = new Set<string>()
    for (let count = 0; count < mostPages; count += 1) {
      const location = response.headers.get('location')
      if (response.status >= 300 && response.status < 400 && location) {
        await response.body?.cancel()
        url = new URL(location, url)
        response = await open(url)
        continue
      }
      const page = (await response.text()).slice(0, mostBytes)
      const where = `${url.origin}${url.pathname}`
      if (response.status >= 400)
        throw new TryFault(
          `the page ${where} answered ${response.status}: ${titleOf(page) || page.slice(0, 160)}`,
          'open the address in a browser to see what it says, and look at the app’s log',
        )
      const next = goesOnTo(page)
      if (next !== undefined) {
        url = new URL(next, url)
        response = await open(url)
        continue
      }
      const forms = readForms(page)
      const form = forms.find(isAsking)
      if (!form) {
        if (forms.some(({ fields }) => fields.some(([name]) => /pass|secret|otp/i.test(name))))
          throw new TryFault(
            `the page ${where} asks for what only a person knows`,
            'leave out --auto and answer in your browser; or set `devIdp: true` in ath.config',
          )
        return titleOf(page)
      }
      if (pressed.has(url.href))
        throw new TryFault(
          `the page ${where} asks again and again: ${titleOf(page)}`,
          'leave out --auto and answer in your browser: what it proposes cannot be taken as it is',
        )
      pressed.add(url.href)
      const target = new URL(form.action || url.href, url)
      response = await submit(target, url, form)
      url = target
    }
    throw new TryFault(
      `more than ${mostPages} pages, the last at ${url.origin}${url.pathname}`,
      'open the address in a browser',
    )
  }

  const submit = (target: URL, page: URL, form: PageForm) => {
    const chosen = form.buttons.find(isYes)
    const body = new URLSearchParams([
      ...form.fields.map(([name, value]) => [name, value]),
      ...(chosen ? [[chosen.name, chosen.value]] : []),
    ])
    return open(target, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: page.origin },
      body: body.toString(),
    })
  }

  return { agree }
}

const isYes = ({ value }: PageForm['buttons'][number]) => value === 'approve'

/** A question whose answer may be yes, or a key of the person that waits to be added. */
const isAsking = ({ method, action, fields, buttons }: PageForm) =>
  method === 'POST' &&
  (buttons.some(isYes) ||
    (/\/me\/keys(?:\?|$)/.test(action) &&
      fields.some(([name, value]) => name === 'key' && value !== '')))

function keepCookie(jar: Map<string, string>, cookie: string): void {
  const [, name = '', value = ''] = /^\s*([^=;]+)=([^;]*)/.exec(cookie) ?? []
  const isGone = /;\s*max-age=(?:0|-\d+)\s*(?:;|$)/i.test(cookie)
  if (isGone) jar.delete(name.trim())
  else if (name !== '') jar.set(name.trim(), value.trim())
}
