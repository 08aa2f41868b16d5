import { createHash } from 'node:crypto'

/** Canonical JSON (RFC 8785) of what came over the wire as JSON. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}

/** The same without some members of the outermost object. */
export const canonicalWithout = (message: object, ...names: readonly string[]): string =>
  canonical(Object.fromEntries(Object.entries(message).filter(([name]) => !names.includes(name))))

export const sha256 = (data: string | Uint8Array): Buffer =>
  createHash('sha256').update(data).digest()

/** What is signed: a label, a zero byte, and the hash of each part (U1). */
export const labelled = (label: string, ...parts: readonly string[]): Buffer =>
  Buffer.concat([Buffer.from(label), Buffer.from([0]), ...parts.map(sha256)])
