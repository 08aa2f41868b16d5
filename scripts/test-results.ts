import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { root } from './workspace.ts'

/** One test as it went. `name` has its parents in front, joined with ` > `. */
export interface TestResult {
  readonly file: string
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly milliseconds: number
}

/**
 * Follows the events of `node:test` in the order they are reported and gives one result a test. Suites are no tests,
 * unless one fails by itself; a file that runs no test at all is none either.
 */
export function createResultReader(): (event: TestEvent) => TestResult | undefined {
  const parents: string[] = []
  return (event) => {
    if (event.type === 'test:start') {
      parents.length = event.data.nesting
      parents.push(event.data.name)
      return undefined
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
    const { data } = event
    const failed = event.type === 'test:fail' && data.todo === undefined
    const isFile = data.nesting === 0 && data.file !== undefined && data.name === data.file
    if (!failed && (data.details.type === 'suite' || isFile)) return undefined
    if (event.type === 'test:fail' && isOnlyParent(event.data.details)) return undefined
    return {
      file: data.file ? relative(root, data.file) : '',
      name: isFile ? 'the file runs' : [...parents.slice(0, data.nesting), data.name].join(' > '),
      status: failed
        ? 'failed'
        : data.skip !== undefined || data.todo !== undefined
          ? 'skipped'
          : 'passed',
      milliseconds: Math.round(data.details.duration_ms),
    }
  }
}

/** A suite that failed only because a test in it did: that test is counted already. */
function isOnlyParent(details: { readonly type?: string; readonly error: Error }): boolean {
  const { failureType } = details.error as { readonly failureType?: string }
  return details.type === 'suite' && failureType === 'subtestsFailed'
}

/** The last line of a run; who reads it by machine relies on its form. */
export function summarize(results: readonly Pick<TestResult, 'status'>[]): string {
  const count = (status: TestResult['status']) =>
    results.filter((result) => result.status === status).length
  const skipped = count('skipped')
  return `${count('passed')} passed, ${count('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
