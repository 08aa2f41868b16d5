import { canonicalJson } from './canonical-json.ts'

/** The canonical JSON of a message without some of its members: what a signature in it covers. Throws for what was not checked to be JSON. */
export function canonicalWithout(message: object, ...members: readonly string[]): string {
  const rest = Object.entries(message).filter(([name]) => !members.includes(name))
  const canonical = canonicalJson(Object.fromEntries(rest))
  if (!canonical.ok) throw new TypeError(`a message is not canonical: ${canonical.error}`)
  return canonical.value
}
