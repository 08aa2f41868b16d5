import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What `after.ts` adds to `before.ts`, blank lines too. Fails when anything was changed or removed, or when the diff in
 * the README is another one.
 */
export function readAddedLines(folder: string): readonly string[] {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n')
  const before = read('before.ts')
  const added: string[] = []
  let kept = 0
  for (const line of read('after.ts'))
    if (line === before[kept]) kept += 1
    else added.push(line)
  assert.equal(kept, before.length, `after.ts changes or removes \`${before[kept]}\``)
  const shown = /^```diff\n([\s\S]*?)^```$/m.exec(read('README.md').join('\n'))?.[1] ?? ''
  const lines = shown.trimEnd().split('\n')
  const marked = (mark: string) =>
    lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(1))
  assert.deepEqual(marked('+'), added, 'the README shows another diff')
  for (const line of marked(' ')) assert.ok(before.includes(line), `README: \`${line}\``)
  return added
}
