import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './result.ts'

export const rootFolder = fileURLToPath(new URL('..', import.meta.url))
const results = join(rootFolder, 'bench', 'results')
const latest = join(results, 'latest.json')

/** Writes `bench/results/<date>-<commit>.json` and `latest.json`. Returns the first one's path within the repository. */
export function keepResult(result: BenchResult): string {
  mkdirSync(results, { recursive: true })
  const name = `${result.date.slice(0, 10)}-${result.commit.short}.json`
  const text = `${JSON.stringify(result, rounded, 1)}\n`
  writeFileSync(join(results, name), text)
  writeFileSync(latest, text)
  return `bench/results/${name}`
}

/** The run that README.md shows; undefined before there is one. */
export function readLatest(): BenchResult | undefined {
  if (!existsSync(latest)) return undefined
  return JSON.parse(readFileSync(latest, 'utf8')) as BenchResult
}

/** Four digits are more than the measurement knows. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
