import { type Failure, fail, ok, type Result } from '@ath-protocol/types'

const maxLength = 8192

/** Nothing to decode, nothing to doubt: most paths, answered by one look. */
const plain = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)*\/?$/
/** RFC 3986 §3.3 `pchar` and the slash, without `;`, which servers read as path parameters. */
const legal = /^[A-Za-z0-9._~!$&'()*+,=:@/%-]*$/
const strictEscapes = /%(?![0-9A-Fa-f]{2})/
const unreserved = /^[A-Za-z0-9._~-]$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The one spelling of a request path, for the scope map and for the upstream alike, so that no two parsers disagree
 * about what was asked (R95). Escaped unreserved characters are decoded, other escapes stay, in upper case. A path that
 * some server could read as another one is refused: dot segments, empty segments, slashes, backslashes, semicolons and
 * control characters, raw or escaped in up to eight layers, and more layers than that; overlong or invalid UTF-8; full-width look-alikes; more
 * than 8 KiB. The path comes without its query. Failure: `path_ambiguous`.
 */
export function normalizePath(rawPath: string): Result<string, Failure> {
  if (rawPath.length > maxLength) return ambiguous('longer than 8 KiB')
  if (!rawPath.startsWith('/')) return ambiguous('does not start with a slash')
  if (plain.test(rawPath)) return ok(rawPath)
  if (rawPath.includes('\\')) return ambiguous('backslash')
  if (rawPath.includes(';')) return ambiguous('semicolon')
  if (!legal.test(rawPath)) return ambiguous('character that must be escaped')
  if (strictEscapes.test(rawPath)) return ambiguous('invalid percent-escape')
  const fault = faultOf(rawPath) ?? faultBelow(rawPath)
  return fault === undefined ? ok(canonical(rawPath)) : ambiguous(fault)
}

const ambiguous = (fault: string): Result<never, Failure> =>
  fail({ reason: 'path_ambiguous', fault })

function canonical(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return unreserved.test(character) ? character : escape.toUpperCase()
  })
}

/** More than any chain of servers decodes. Each layer is work, and a path of 8 KiB has room for four thousand. */
const mostLayers = 8

/** Decodes layer by layer, as a chain of servers might, and looks at each. */
function faultBelow(path: string): string | undefined {
  let layer = path
  for (let depth = 0; depth < mostLayers; depth++) {
    const decoded = decodeOnce(layer)
    if (decoded === undefined) return 'not UTF-8'
    if (decoded === layer) return undefined
    const folded = decoded.normalize('NFKC')
    if (countSlashes(folded) !== countSlashes(layer)) return 'escaped slash'
    const fault = faultOf(decoded) ?? (folded === decoded ? undefined : faultOf(folded))
    if (fault !== undefined) return fault
    layer = folded
  }
  return 'escaped too often'
}

function faultOf(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(path)) return 'control character'
  if (path.includes('\\')) return 'backslash'
  if (path.includes(';')) return 'semicolon'
  if (/%u[0-9A-Fa-f]{4}/i.test(path)) return 'invalid percent-escape'
  const segments = path.slice(1).split('/')
  // Some file systems drop trailing spaces, so `.. ` is `..` to them; and `...` climbs on others.
  if (segments.some((segment) => /^ *\.[. ]*$/.test(segment))) return 'dot segment'
  if (segments.slice(0, -1).includes('')) return 'empty segment'
  return undefined
}

const countSlashes = (path: string) => path.split('/').length

/** One layer of percent-decoding, as UTF-8. Invalid escapes stay as they are, as lenient servers leave them. */
function decodeOnce(path: string): string | undefined {
  if (!path.includes('%')) return path
  const bytes: number[] = []
  const source = new TextEncoder().encode(path)
  for (let index = 0; index < source.length; index++) {
    const high = hexValue(source[index + 1])
    const low = hexValue(source[index + 2])
    if (source[index] === 0x25 && high !== undefined && low !== undefined) {
      bytes.push(high * 16 + low)
      index += 2
    } else bytes.push(source[index] as number)
  }
  try {
    return utf8.decode(Uint8Array.from(bytes))
  } catch {
    return undefined
  }
}

function hexValue(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined
}
