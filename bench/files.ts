import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './result.ts'

export const rootFolder = fileURLToPath(new URL('..', import.meta.url))
const latest = join(rootFolder, 'bench', 'results', 'latest.json')

/**
 * Writes `bench/results/<date>-<commit>.json`, and `latest.json` beside it. A quick run goes to `bench/results/tmp`, which
 * is not tracked: it must not replace what README.md shows. Returns the path within the repository.
 */
export function keepResult(result: BenchResult): string {
  const folder = result.quick ? 'bench/results/tmp' : 'bench/results'
  mkdirSync(join(rootFolder, folder), { recursive: true })
  const file = `${folder}/${result.date.slice(0, 10)}-${result.commit.short}.json`
  const text = `${JSON.stringify(result, rounded, 1)}\n`
  writeFileSync(join(rootFolder, file), text)
  if (!result.quick) writeFileSync(latest, text)
  return file
}

/** The run that README.md shows; undefined before there is one. */
export function readLatest(): BenchResult | undefined {
  if (!existsSync(latest)) return undefined
  return JSON.parse(readFileSync(latest, 'utf8')) as BenchResult
}

/** Four digits are more than the measurement knows. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
