import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const source = new URL('../src/', import.meta.url)
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.includes('.test.'),
)
const read = (name: string) => readFileSync(new URL(name, source), 'utf8')

/** What an agent's own bundle holds of the client when it imports these names. */
async function bundledBytes(exported: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${exported} from './index.ts'`,
      resolveDir: fileURLToPath(source),
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    external: ['@ath-protocol/types', 'node:*'],
    write: false,
    logLevel: 'silent',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

const uses = [
  ['the two-phase handshake', '{ connect, createAthClient }', 12],
  ['the nine-step handshake', '{ handshake, resumeHandshake }', 12],
  ['the program of a person', '{ createUserClient }', 12],
  ['everything there is', '*', 18],
] as const
for (const [use, exported, limit] of uses)
  test(`an agent that uses ${use} ships at most ${limit} KB of the client, minified and gzipped without its one dependency`, async () => {
    const bytes = await bundledBytes(exported)
    assert.ok(bytes > 4096, `only ${bytes} bytes: the sources were not found`)
    assert.ok(bytes <= limit * 1024, `${bytes} bytes`)
  })

test('it stands on web standards and its one dependency; Node is touched only to open a browser', () => {
  assert.ok(files.length > 15, 'the files were not found')
  for (const name of files) {
    const imports = [...read(name).matchAll(/from '([^']+)'|import\('([^']+)'\)/g)]
    const foreign = imports
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((id) => !id.startsWith('.'))
    const allowed = name === 'open-browser.ts' ? /^node:/ : /^@ath-protocol\/types$/
    assert.deepEqual(
      foreign.filter((id) => !allowed.test(id)),
      [],
      name,
    )
  }
})
