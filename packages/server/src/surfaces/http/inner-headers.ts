import type { HeaderList } from '../../proxy/headers.ts'

const nameForm = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/
// RFC 9110 §5.5: what a field value may hold, as latin1.
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/
const maxHeaders = 100
const maxLength = 32 * 1024

/**
 * The headers inside an encrypted request, names in lower case. Undefined when they could not have come over HTTP: a
 * name twice, characters that end a line, too many.
 */
export function fromInnerHeaders(headers: Readonly<Record<string, string>>): string[] | undefined {
  const entries = Object.entries(headers)
  if (entries.length > maxHeaders) return undefined
  const list: string[] = []
  const seen = new Set<string>()
  let length = 0
  for (const [name, value] of entries) {
    const lower = name.toLowerCase()
    length += name.length + value.length
    const isGood = nameForm.test(name) && valueForm.test(value) && length <= maxLength
    if (!isGood || seen.has(lower)) return undefined
    seen.add(lower)
    list.push(lower, value.trim())
  }
  return list
}

/** Headers of an answer as they go inside an encrypted one: a name once, its values joined (RFC 9110 §5.3). */
export function toInnerHeaders(list: HeaderList): Record<string, string> {
  const headers = new Map<string, string>()
  for (let index = 0; index < list.length; index += 2) {
    const name = (list[index] as string).toLowerCase()
    const value = list[index + 1] as string
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries(headers)
}
