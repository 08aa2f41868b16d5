import { hash } from 'node:crypto'

/** What the first line of the first segment follows: 32 zero bytes. */
export const genesis = 'A'.repeat(43)

const hashLength = 43
/** `,"hash":"…"}` at the end of every line. */
const sealLength = ',"hash":"'.length + hashLength + '"}'.length
const prevLength = ',"prev":"'.length + hashLength + '"'.length
const shape = /,"prev":"([\w-]{43})","hash":"([\w-]{43})"\}$/

export interface SealedLine {
  /** The whole line without its newline. */
  readonly text: string
  readonly hash: string
}

/**
 * Closes one line of the log: `body` is a JSON object without its last brace, `prev` the hash of the line before. The
 * hash is SHA-256, base64url, over the very bytes before `,"hash"`: nothing has to be put into a canonical form first.
 */
export function sealLine(body: string, prev: string): SealedLine {
  const hashed = `${body},"prev":"${prev}"`
  const digest = hash('sha256', hashed, 'base64url')
  return { text: `${hashed},"hash":"${digest}"}`, hash: digest }
}

export interface OpenedLine {
  /** What was sealed, as JSON text without its last brace. */
  readonly body: string
  readonly prev: string
  readonly hash: string
}

export type LineFault = 'not_sealed' | 'hash_differs'

/** Checks one line by itself; whether it follows the line before is for the caller to say. */
export function openLine(line: Buffer): OpenedLine | LineFault {
  const end = line.toString('latin1', Math.max(0, line.length - sealLength - prevLength))
  const found = shape.exec(end)
  if (!found?.[1] || !found[2]) return 'not_sealed'
  const digest = hash('sha256', line.subarray(0, line.length - sealLength), 'base64url')
  if (digest !== found[2]) return 'hash_differs'
  return {
    body: line.toString('utf8', 0, line.length - sealLength - prevLength),
    prev: found[1],
    hash: digest,
  }
}

/** How a line that carries `hash` ends, newline included. */
export const endOf = (hash: string): string => `,"hash":"${hash}"}\n`
