import type { HeaderList } from '../../proxy/headers.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The number at a JSON pointer (RFC 6901) of a JSON body; NaN when it cannot be read, or when two readers could read two
 * numbers: a member given twice (also in other capitals, which some servers take for the same), another encoding.
 */
export function amountIn(headers: HeaderList, body: Uint8Array, pointer: string): number {
  if (!saysJson(headers)) return Number.NaN
  try {
    const text = decoder.decode(body)
    const value: unknown = JSON.parse(text)
    if (hasTwins(text)) return Number.NaN
    const found = memberAt(value, pointer)
    return typeof found === 'number' && Number.isFinite(found) ? found : Number.NaN
  } catch {
    return Number.NaN
  }
}

function saysJson(headers: HeaderList): boolean {
  let types = 0
  let json = false
  for (let index = 0; index < headers.length; index += 2) {
    // As CGI and its heirs read names: `Content_Type` is a second content type.
    const name = (headers[index] as string).toLowerCase().replace(/[^a-z0-9-]/g, '-')
    const value = (headers[index + 1] as string).toLowerCase()
    if (name === 'content-encoding' && value !== 'identity') return false
    if (name !== 'content-type') continue
    types++
    json = /^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;\s*charset\s*=\s*"?utf-8"?)?$/.test(value)
  }
  return types === 1 && json
}

function memberAt(value: unknown, pointer: string): unknown {
  let here = value
  for (const part of pointer.slice(1).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as Readonly<Record<string, unknown>>)[name]
  }
  return here
}

/** Whether an object of this valid JSON has two members of one name. */
function hasTwins(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    const [lexeme, colon] = token
    if (lexeme === '{') open.push(new Set())
    else if (lexeme === '[') open.push(undefined)
    else if (lexeme === '}' || lexeme === ']') open.pop()
    else if (colon !== undefined) {
      const name: string = JSON.parse(lexeme.slice(0, -colon.length))
      const known = open.at(-1)
      const folded = name.toLowerCase()
      if (known?.has(folded)) return true
      known?.add(folded)
    }
  }
  return false
}
