import { fail, ok, type Result } from '@ath-protocol/types'
import { type ConfigDocument, readDocument } from './document.ts'
import type { ExpansionSources } from './expand.ts'
import { describeIssue, hidden, valueAt } from './issue.ts'
import { schemaAt } from './json-schema.ts'
import { type ConfigProblem, type Finding, type PathPart, writePath } from './problem.ts'
import { type ConfigFile, configSchema } from './schema.ts'

/** A longer file is no configuration. */
const maxTextLength = 1_048_576

export interface ReadFile {
  readonly file: ConfigFile
  /** Gives a finding its place in the text. */
  locate(finding: Finding): ConfigProblem
}

/** Reads the text of a configuration file: YAML, `${…}`, schema. All that is wrong is reported at once. */
export function readConfigText(
  text: string,
  name: string,
  sources: ExpansionSources,
): Result<ReadFile, readonly ConfigProblem[]> {
  if (text.length > maxTextLength)
    return fail([
      { severity: 'error', file: name, line: 0, column: 0, key: '', problem: 'is over 1 MiB' },
    ])
  const document = readDocument(text, sources)
  const value = document.value ?? Object.create(null)
  const locate = (finding: Finding): ConfigProblem => {
    const place =
      'line' in finding ? (finding as Finding & { line: number; column: number }) : undefined
    const { line, column } = place ?? document.placeOf(finding.path, finding.atKey === true)
    const { severity = 'error', problem, fix, path } = finding
    return {
      severity,
      file: name,
      line,
      column,
      key: writePath(path.map((part, at) => shownKey(part, path.slice(0, at), value))),
      problem,
      ...(fix === undefined ? {} : { fix }),
    }
  }
  const parsed = parse(document, value)
  const shown = parsed.success ? undefined : hideSecrets(value, [], document, value)
  const found = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, shown))
  const covered = new Set(document.faults.map((fault) => JSON.stringify(fault.path)))
  const syntaxBroken = document.faults.some((fault) => fault.path.length === 0)
  const findings: readonly Finding[] = [
    ...document.faults,
    // After a syntax error the rest of the text is guesswork.
    ...(syntaxBroken ? [] : found.filter((one) => !covered.has(JSON.stringify(one.path)))),
  ]
  if (!parsed.success || findings.length > 0)
    return fail(findings.map(locate).sort((a, b) => a.line - b.line || a.column - b.column))
  return ok({ file: parsed.data, locate })
}

/** A number or a truth value that came through `${…}` arrives as text; it is read as what the schema asks for. */
function parse(document: ConfigDocument, value: unknown) {
  const first = configSchema.safeParse(value)
  if (first.success) return first
  let changed = false
  for (const issue of first.error.issues) {
    const path = issue.path as PathPart[]
    const text = valueAt(value, path)
    if (issue.code !== 'invalid_type' || typeof text !== 'string') continue
    if (!document.isExpanded(path)) continue
    const typed = asTyped(text, issue.expected)
    if (typed === undefined) continue
    const parent = valueAt(value, path.slice(0, -1)) as Record<PathPart, unknown>
    parent[path.at(-1) as PathPart] = typed
    changed = true
  }
  return changed ? configSchema.safeParse(value) : first
}

function asTyped(text: string, expected: string): number | boolean | undefined {
  if (expected === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if (expected !== 'number' && expected !== 'int') return undefined
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** A key that is ours, or looks like a name: after a forgotten colon a secret can be part of the key. */
function shownKey(part: PathPart, parent: readonly PathPart[], whole: unknown): PathPart {
  if (typeof part === 'number') return part
  if (part === 'kind' || schemaAt(parent, whole)?.properties?.[part] !== undefined) return part
  const hasValue = (valueAt(whole, [...parent, part]) ?? null) !== null
  return hasValue && /^[\x21\x23-\x26\x28-\x7e]{1,128}$/.test(part) ? part : '(a key)'
}

/** A copy in which secrets, inserted values and what stands under unknown keys cannot be seen. */
function hideSecrets(
  part: unknown,
  path: readonly PathPart[],
  document: ConfigDocument,
  whole: unknown,
): unknown {
  if (Array.isArray(part))
    return part.map((item, index) => hideSecrets(item, [...path, index], document, whole))
  if (typeof part === 'object' && part !== null)
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => [
        key,
        hideSecrets(item, [...path, key], document, whole),
      ]),
    )
  if (part === undefined || part === null) return part
  const known = schemaAt(path, whole)
  const isSecret =
    known === undefined ||
    known.writeOnly === true ||
    document.isExpanded(path) ||
    (typeof part === 'string' && /:\/\/[^/]*@/.test(part))
  return isSecret ? hidden : part
}
