/**
 * A person without a browser, for tests: keeps cookies, follows redirects by hand and submits forms. Stops before it
 * leaves for `stopAt`, and says where it would have gone.
 */
export interface Visitor {
  /** GETs a page, following redirects. */
  open(url: string): Promise<Visit>
  /** Submits the page's first form that asks something: what it holds already, with these fields. */
  submit(page: Visit, fields: readonly (readonly [string, string])[]): Promise<Visit>
}

export interface Visit {
  readonly url: URL
  readonly status: number
  readonly html: string
}

export function createVisitor(stopAt: string): Visitor {
  const cookies = new Map<string, string>()
  const visit = async (start: URL, body?: URLSearchParams): Promise<Visit> => {
    let url = start
    let form = body
    for (let hops = 0; hops < 12; hops++) {
      if (url.href.startsWith(stopAt)) return { url, status: 0, html: '' }
      const answer = await fetch(url, {
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          // As browsers do: forms are checked for coming from our own pages.
          ...(form ? { origin: start.origin } : {}),
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        },
        ...(form ? { method: 'POST', body: form } : {}),
      })
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        if (name === undefined) continue
        if (value) cookies.set(name, value)
        else cookies.delete(name)
      }
      const html = await answer.text()
      const location = answer.headers.get('location') ?? nextOf(html)
      if (location === undefined) return { url, status: answer.status, html }
      url = new URL(location, url)
      form = undefined
    }
    throw new Error(`too many redirects from ${start.origin}`)
  }
  return {
    open: (url) => visit(new URL(url)),
    submit(page, fields) {
      const form = /<form[^>]*>[\s\S]*?<\/form>/.exec(page.html)?.[0] ?? page.html
      const action = /<form[^>]* action="([^"]+)"/.exec(form)?.[1]
      if (action === undefined) throw new Error(`no form at ${page.url.pathname}: ${page.html}`)
      const given = new Set(fields.map(([name]) => name))
      const held = heldFields(form).filter(([name]) => !given.has(name))
      const body = new URLSearchParams([...held, ...fields].map(([k, v]) => [k, v]))
      return visit(new URL(unescape(action), page.url), body)
    },
  }
}

/** What a browser would send of a form that nobody touched, but its buttons and lists. */
function heldFields(form: string): readonly (readonly [string, string])[] {
  return [...form.matchAll(/<input\b([^>]*)>/g)].flatMap(([, attributes = '']) => {
    const value = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(` ${attributes}`)?.[1]
    const name = value('name')
    const isHeld =
      value('type') === 'hidden' ||
      value('type') === 'text' ||
      (/\bchecked\b/.test(attributes) && !/\bdisabled\b/.test(attributes))
    return name !== undefined && isHeld
      ? [[unescape(name), unescape(value('value') ?? 'on')] as const]
      : []
  })
}

const named: Readonly<Record<string, string>> = { quot: '"', lt: '<', gt: '>', amp: '&', apos: "'" }
const unescape = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (entity, decimal, hex, name) =>
    name === undefined
      ? String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
      : (named[name] ?? entity),
  )

/** Where a page leads by itself. */
function nextOf(html: string): string | undefined {
  const next = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(html)?.[1]
  return next === undefined ? undefined : unescape(next)
}
