import { readFileSync } from 'node:fs'
import { findFiles, inRoot, testGlobs } from './workspace.ts'

/** A test, or a row of a table of tests, that says which requirements it proves. */
export interface TaggedTest {
  readonly file: string
  readonly name: string
  readonly tags: readonly string[]
}

const tagged = /(['"`])((?:\[[RCDU]\d+\] ?)+(?:\\.|(?!\1)[^\\\n])*)\1/g

/** The ids in front of a test's name: `[R45] [C13] …`. */
export const tagsOf = (name: string): readonly string[] =>
  [...name.matchAll(/\[([RCDU]\d+)\]/g)].map((match) => match[1] ?? '')

/** Reads the names out of one test file: every string that starts with a tag. */
export function readTaggedTests(file: string, source: string): readonly TaggedTest[] {
  return [...source.matchAll(tagged)].map((match) => {
    const name = (match[2] ?? '').replace(/\\(.)/g, '$1')
    return { file, name, tags: tagsOf(name) }
  })
}

/** All of the repository; contract suites that several tests share are in the test kit. */
export const findTaggedTests = (): readonly TaggedTest[] =>
  findFiles(...testGlobs, 'packages/testing/src/**/*.ts').flatMap((file) =>
    readTaggedTests(file, readFileSync(inRoot(file), 'utf8')),
  )
