import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  Scalar,
} from 'yaml'
import { type ExpansionSources, expand, hasReference } from './expand.ts'
import type { Finding, PathPart } from './problem.ts'

/** A YAML text as plain values, with the place of each. Anchors, aliases and tags are refused: what is written is what is meant. */
export interface ConfigDocument {
  readonly value: unknown
  /** What is wrong with the text itself, each with its own place. */
  readonly faults: readonly (Finding & Place)[]
  /** The place of a value, of its key, or of the nearest parent that exists. */
  placeOf(path: readonly PathPart[], atKey: boolean): Place
  /** True when the value came, in part at least, from the environment or a file. */
  isExpanded(path: readonly PathPart[]): boolean
}

export interface Place {
  readonly line: number
  readonly column: number
}

/** Deep enough for every key there is; a deeper text is a mistake or an attack on the reader's stack. */
const maxDepth = 32

export function readDocument(text: string, sources: ExpansionSources): ConfigDocument {
  const lines = new LineCounter()
  const faults: (Finding & Place)[] = []
  const values = new Map<string, number>()
  const keys = new Map<string, number>()
  const expanded = new Set<string>()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const report = (offset: number, path: readonly PathPart[], problem: string, fix?: string) =>
    faults.push({ path, problem, ...(fix === undefined ? {} : { fix }), ...placeAt(offset) })

  const document = parse(text, lines)
  if (!document) {
    report(0, [], 'is nested too deep', 'write plain indented YAML')
    return { value: undefined, faults, placeOf: () => placeAt(0), isExpanded: () => false }
  }
  for (const [at, error] of document.errors.entries()) {
    const [offset] = error.pos
    // One slip can be several faults of the grammar at one place.
    if (document.errors[at - 1]?.pos[0] === offset) continue
    const { problem, fix } = syntaxFault(error.code, text, offset)
    report(offset, [], problem, fix)
  }

  const read = (node: Node | null | undefined, path: readonly PathPart[]): unknown => {
    const start = (node as ParsedNode | null)?.range?.[0] ?? 0
    if (node) values.set(JSON.stringify(path), start)
    if (path.length > maxDepth) {
      report(start, path.slice(0, 4), 'is nested too deep', 'no key of ours is that deep')
      return undefined
    }
    if (isAlias(node)) {
      report(start, path, 'is a YAML alias', 'quote it if it is meant as text, else write it out')
      return undefined
    }
    if (node && (node.anchor !== undefined || node.tag !== undefined)) {
      report(start, path, 'has a YAML anchor or tag', 'quote it if it is text, else write it out')
      return undefined
    }
    if (isMap(node)) {
      const map: Record<string, unknown> = Object.create(null)
      for (const pair of node.items) {
        const keyNode = pair.key as ParsedNode | null
        const keyStart = keyNode?.range?.[0] ?? start
        const key = isScalar(keyNode) ? keyText(keyNode) : undefined
        if (key === undefined || key === '__proto__') {
          report(keyStart, path, 'has a key that is not a plain name', 'write `name: value`')
          continue
        }
        const inside = [...path, key]
        if (keys.has(JSON.stringify(inside))) {
          const first = placeAt(keys.get(JSON.stringify(inside)) ?? 0)
          report(keyStart, inside, `is given twice; first in line ${first.line}`, 'keep one')
          continue
        }
        keys.set(JSON.stringify(inside), keyStart)
        map[key] = read(pair.value as Node | null, inside)
      }
      return map
    }
    if (isSeq(node)) return node.items.map((item, index) => read(item as Node, [...path, index]))
    if (!isScalar(node)) return null
    if (typeof node.value === 'bigint') return Number(node.value)
    if (typeof node.value !== 'string' || !hasReference(node.value)) return node.value
    expanded.add(JSON.stringify(path))
    const result = expand(node.value, sources)
    if (result.ok) return result.value
    const within = text.indexOf(result.error.at, start)
    report(within < 0 ? start : within, path, result.error.problem, result.error.fix)
    return undefined
  }

  const value = read(document.contents, [])
  return {
    value,
    faults,
    placeOf(path, atKey) {
      for (let length = path.length; length > 0; length--) {
        const key = JSON.stringify(path.slice(0, length))
        const missing = length < path.length
        const offset =
          atKey || missing ? (keys.get(key) ?? values.get(key)) : (values.get(key) ?? keys.get(key))
        if (offset !== undefined) return placeAt(offset)
      }
      return placeAt(0)
    },
    isExpanded: (path) => expanded.has(JSON.stringify(path)),
  }
}

function keyText(node: Scalar): string | undefined {
  if (typeof node.value === 'string') return node.value
  return node.value === null ? undefined : node.source
}

/** Undefined when the text is nested beyond what the reader's stack holds. */
function parse(text: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      strict: true,
      uniqueKeys: false,
      merge: false,
      logLevel: 'error',
    })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Our own words for what the YAML reader found: its messages may quote the text, and the text may hold a secret. */
function syntaxFault(
  code: string,
  text: string,
  offset: number,
): { readonly problem: string; readonly fix?: string } {
  const at = text.charAt(offset)
  if (followsBareReference(text, offset))
    return { problem: '`${…}` stands unquoted inside { } or [ ]', fix: 'write "${…}" in quotes' }
  if (code === 'TAB_AS_INDENT') return { problem: 'a tab indents here', fix: 'indent with spaces' }
  if (code === 'BAD_INDENT')
    return { problem: 'the indentation does not fit', fix: 'align it with its neighbours' }
  if (code === 'BAD_ALIAS' || at === '*')
    return {
      problem: 'a plain text may not begin with `*`',
      fix: 'put it in quotes: "* /api/**"',
    }
  if (code === 'BAD_SCALAR_START')
    return { problem: `a plain text may not begin with \`${at}\``, fix: 'put it in quotes' }
  if (code === 'MISSING_CHAR')
    return { problem: 'a quote, bracket, comma or colon is missing', fix: 'close what was opened' }
  if (code === 'MULTIPLE_DOCS')
    return { problem: 'a second document begins', fix: 'keep one document in the file' }
  if (code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY')
    return /^[^\n]*: /.test(text.slice(offset, offset + 200))
      ? { problem: 'two mappings meet in one line', fix: 'quote a value that holds `: `' }
      : {
          problem: 'the line below is indented deeper, but this key has a value already',
          fix: 'align the two lines, or move the value below its key',
        }
  return { problem: 'is not valid YAML', fix: 'check quotes, colons and indentation around here' }
}

/** `{ secret: ${VAR} }`: to YAML the inner braces are a mapping. Looks back a little only: texts may be hostile. */
function followsBareReference(text: string, offset: number): boolean {
  const before = text.slice(Math.max(0, offset - 200), offset + 2)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const opened = line.lastIndexOf('${')
  const head = line.slice(0, Math.max(0, opened)).trimEnd()
  return /[{[]/.test(head) && /[:,[{]$/.test(head)
}
