import type { z } from 'zod'
import { unsay } from './fields.ts'
import { schemaAt } from './json-schema.ts'
import { suggest } from '@ath-protocol/server/parts'
import { type Finding, type PathPart, quote } from './problem.ts'

type Issue = z.core.$ZodIssue

/** Stands where a secret or an inserted value was. */
export const hidden = '(not shown)'

/** What the schema library found, in the words of someone who edits the file. `value` is the whole file as read. */
export function describeIssue(issue: Issue, value: unknown): readonly Finding[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol') as PathPart[]
  const got = valueAt(value, path)
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = Object.keys(schemaAt(path, value)?.properties ?? {})
      const unused = known.filter((key) => !hasKey(got, key))
      return issue.keys.map((key) => ({
        path: [...path, key],
        atKey: true,
        problem: 'is not a known key',
        fix: suggest(key, known, unused),
      }))
    }
    case 'invalid_union': {
      if (issue.discriminator !== undefined) return [describeKind(path, got, issue)]
      return pickBranch(issue.errors).flatMap((inner) =>
        describeIssue({ ...inner, path: [...issue.path, ...inner.path] } as Issue, value),
      )
    }
    case 'invalid_key':
      return issue.issues.map((inner) => ({
        path,
        atKey: true,
        problem: `this name does not fit: ${unsay(inner.message).problem}`,
      }))
    case 'invalid_type':
      return [describeType(path, got, issue)]
    case 'invalid_value': {
      if (issue.message.includes('\u0000')) return [withValue(path, issue.message, got)]
      const values = issue.values.map(String)
      if (got === undefined)
        return [{ path, problem: 'is missing', fix: `one of ${values.join(', ')}` }]
      return [
        {
          path,
          problem: got === hidden ? 'is not a known value' : `${quote(got)} is not a known value`,
          fix: suggest(asText(got), values),
        },
      ]
    }
    default:
      return [withValue(path, issue.message, got)]
  }
}

function describeKind(
  path: readonly PathPart[],
  got: unknown,
  issue: Issue & { readonly options?: readonly unknown[] },
): Finding {
  const kinds = (issue.options ?? []).map(String)
  if (got === undefined) return { path, problem: 'is missing', fix: `one of ${kinds.join(', ')}` }
  return { path, problem: `${quote(got)} is not a known kind`, fix: suggest(asText(got), kinds) }
}

function describeType(
  path: readonly PathPart[],
  got: unknown,
  issue: Extract<Issue, { code: 'invalid_type' }>,
): Finding {
  if (issue.message.includes('\u0000')) return withValue(path, issue.message, got)
  const shape =
    issue.expected === 'array'
      ? { word: 'a list', fix: 'write [one, two] or lines that begin with `- `' }
      : { word: 'a mapping', fix: 'write indented `key: value` lines below it' }
  if (got === undefined) return { path, problem: 'is missing', fix: `it is ${shape.word}` }
  const what = got === null ? 'is empty' : `is not ${shape.word}`
  return { path, problem: what, fix: shape.fix }
}

function withValue(path: readonly PathPart[], message: string, got: unknown): Finding {
  const { problem, fix } = unsay(message)
  const isShown = got !== undefined && got !== null && typeof got !== 'object' && got !== hidden
  const shown = isShown ? ` (${quote(got)})` : ''
  return { path, problem: `${problem}${shown}`, ...(fix === undefined ? {} : { fix }) }
}

/** The branch that was most likely meant: of the right shape, with the fewest faults. */
function pickBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const weight = (issues: readonly Issue[]) =>
    issues.reduce((sum, issue) => {
      if (issue.path.length === 0 && issue.code === 'invalid_type') return sum + 100
      return sum + (issue.code === 'unrecognized_keys' ? issue.keys.length * 2 : 1)
    }, 0)
  return [...branches].sort((left, right) => weight(left) - weight(right))[0] ?? []
}

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

export function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  let here = value
  for (const part of path)
    here = hasKey(here, part) ? (here as Record<PathPart, unknown>)[part] : undefined
  return here
}

function hasKey(value: unknown, key: PathPart): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
}
