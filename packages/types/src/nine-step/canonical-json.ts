import { fail, ok, type Result } from '../result.ts'

/** Deeper than any message of the protocol; bounds the recursion that a stranger can cause. */
const maxDepth = 16

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no blanks, numbers as ECMAScript writes them. Both
 * sides sign over this text, so that a message re-written on its way is another message. Fails for what is not I-JSON:
 * undefined, non-finite numbers, lone surrogates, objects that are more than their members, and anything nested deeper
 * than 16.
 */
export function canonicalJson(value: unknown): Result<string, 'not_json' | 'too_deep'> {
  try {
    return ok(write(value, 0))
  } catch (cause) {
    if (cause === tooDeep) return fail('too_deep')
    if (cause === notJson) return fail('not_json')
    throw cause
  }
}

const tooDeep = Symbol('too deep')
const notJson = Symbol('not JSON')

function write(value: unknown, depth: number): string {
  if (depth > maxDepth) throw tooDeep
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notJson
    return JSON.stringify(value)
  }
  if (typeof value === 'string') {
    // Only a lone surrogate makes well-formed JSON and UTF-8 differ.
    if (/\p{Surrogate}/u.test(value)) throw notJson
    return JSON.stringify(value)
  }
  // `Array.from` gives the holes of a sparse array a value, which is then refused.
  if (Array.isArray(value))
    return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`
  if (!isPlainObject(value)) throw notJson
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${write(name, depth)}:${write(member, depth + 1)}`)
  return `{${members.join(',')}}`
}

/** A date or a map has members that its JSON would not show. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
