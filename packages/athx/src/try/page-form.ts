/** A form of a page, filled in as the page itself proposes. */
export interface PageForm {
  /** As written; relative to the page. */
  readonly action: string
  readonly method: 'GET' | 'POST'
  readonly fields: readonly (readonly [string, string])[]
  readonly buttons: readonly { readonly name: string; readonly value: string }[]
}

type Attributes = Readonly<Record<string, string>>

/** The forms of a page of plain HTML. What a person would have to type stays empty. */
export function readForms(page: string): readonly PageForm[] {
  return [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, head = '', body = '']) => {
    const form = readAttributes(head)
    const elements = [
      ...body.matchAll(/<(?:(input|button)\b([^>]*)>|(select)\b([^>]*)>(.*?)<\/select>)/gis),
    ]
    const buttons: PageForm['buttons'][number][] = []
    const fields: (readonly [string, string])[] = []
    const radios = new Map<string, { value: string; checked: boolean }>()
    for (const [, plain, attributes, select = '', chooser = '', options = ''] of elements) {
      const element = (plain ?? select).toLowerCase()
      const given = readAttributes(attributes ?? chooser)
      const { name = '', value, type = 'text' } = given
      if (name === '' || 'disabled' in given) continue
      if (element === 'button') buttons.push({ name, value: value ?? '' })
      else if (element === 'select') fields.push([name, chosenOption(options)])
      else if (type === 'checkbox') {
        if ('checked' in given) fields.push([name, value ?? 'on'])
      } else if (type === 'radio') {
        const checked = 'checked' in given
        if (checked || !radios.has(name)) radios.set(name, { value: value ?? 'on', checked })
      } else if (type === 'submit') buttons.push({ name, value: value ?? '' })
      else fields.push([name, value ?? ''])
    }
    for (const [name, { value }] of radios) fields.push([name, value])
    return {
      action: form['action'] ?? '',
      method: form['method']?.toLowerCase() === 'post' ? 'POST' : 'GET',
      fields,
      buttons,
    }
  })
}

/** Where a page goes on to by itself, with `http-equiv="refresh"`. */
export function goesOnTo(page: string): string | undefined {
  for (const [, text = ''] of page.matchAll(/<meta\b([^>]*)>/gi)) {
    const { content = '', ...given } = readAttributes(text)
    const found = /^\s*\d+\s*;\s*url=(.+)$/i.exec(content)?.[1]
    if (given['http-equiv']?.toLowerCase() === 'refresh' && found) return found.trim()
  }
  return undefined
}

/** What a page says, in a line. */
export function titleOf(page: string): string {
  const text =
    /<h1\b[^>]*>(.*?)<\/h1>/is.exec(page)?.[1] ?? /<title>(.*?)<\/title>/is.exec(page)?.[1]
  return decode((text ?? '').replace(/<[^>]*>/g, ''))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 160)
}

function chosenOption(options: string): string {
  const all = [...options.matchAll(/<option\b([^>]*)>/gi)].map(([, text = '']) =>
    readAttributes(text),
  )
  return (all.find((one) => 'selected' in one) ?? all[0])?.['value'] ?? ''
}

function readAttributes(text: string): Attributes {
  const pairs = [...text.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)]
  return Object.fromEntries(
    pairs.map(([, name = '', double, single, plain]) => [
      name.toLowerCase(),
      decode(double ?? single ?? plain ?? ''),
    ]),
  )
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

const decode = (text: string) =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal))
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    return entities[name] ?? whole
  })
