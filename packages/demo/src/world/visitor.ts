/**
 * A person without a browser, for tests: keeps cookies, follows redirects by hand and submits forms. Stops before it
 * leaves for `stopAt`, and says where it would have gone.
 */
export interface Visitor {
  /** GETs a page, following redirects. */
  open(url: string): Promise<Visit>
  /** Submits the page's only form. */
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
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(form ? { method: 'POST', body: form } : {}),
      })
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        if (name === undefined) continue
        if (value) cookies.set(name, value)
        else cookies.delete(name)
      }
      const html = await answer.text()
      const location = answer.headers.get('location')
      if (location === null) return { url, status: answer.status, html }
      url = new URL(location, url)
      form = undefined
    }
    throw new Error(`too many redirects from ${start.origin}`)
  }
  return {
    open: (url) => visit(new URL(url)),
    submit: (page, fields) => {
      const action = /<form[^>]* action="([^"]+)"/.exec(page.html)?.[1]
      if (action === undefined) throw new Error(`no form at ${page.url.pathname}: ${page.html}`)
      return visit(new URL(action, page.url), new URLSearchParams(fields.map(([k, v]) => [k, v])))
    },
  }
}
