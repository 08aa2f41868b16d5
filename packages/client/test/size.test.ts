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

/** What an agent's own bundle holds of the client when it imports all of an entry. */
async function bundledBytes(entry: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '${entry}'`,
      resolveDir: fileURLToPath(source),
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    external: ['@ath-protocol/types', '@modelcontextprotocol/sdk/*', 'node:*'],
    write: false,
    logLevel: 'silent',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

const { exports } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
}
const entries = Object.entries(exports).map(([name, { 'sallyport-source': file = '' }]) => ({
  name: name.replace(/^\./, '@ath-protocol/client'),
  file: file.replace('./src/', './'),
}))
for (const { name, file } of entries)
  test(`everything that ${name} exports is at most 12 KB, minified and gzipped without its one dependency`, async () => {
    const bytes = await bundledBytes(file)
    assert.ok(bytes > 500, `only ${bytes} bytes: the sources were not found`)
    assert.ok(bytes <= 12 * 1024, `${bytes} bytes`)
  })

/** One file opens a browser; one entry is about an SDK that its users have anyway. */
const allowances: Readonly<Record<string, RegExp>> = {
  'open-browser.ts': /^node:/,
  'mcp.ts': /^@modelcontextprotocol\/sdk\//,
}

test('it stands on web standards and its one dependency; Node is touched only to open a browser', () => {
  assert.ok(files.length > 15, 'the files were not found')
  for (const name of files) {
    const imports = [...read(name).matchAll(/from '([^']+)'|import\('([^']+)'\)/g)]
    const foreign = imports
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((id) => !id.startsWith('.'))
    const allowed = allowances[name] ?? /^@ath-protocol\/types$/
    assert.deepEqual(
      foreign.filter((id) => !allowed.test(id)),
      [],
      name,
    )
  }
})
