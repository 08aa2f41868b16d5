import { UsageError } from '../usage-error.ts'

/** Reads a list of rows that are known to fail: one id a line, anything after `#` is a comment. */
export function readExpectedFailures(
  text: string,
  known: ReadonlySet<string>,
  file: string,
): ReadonlySet<string> {
  const ids = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
  const unknown = ids.find((id) => !known.has(id))
  if (unknown !== undefined)
    throw new UsageError(
      `${file}: there is no row ${unknown}. Write one id a line, like R45; --list shows them.`,
    )
  return new Set(ids)
}
