import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type TestContext, test } from 'node:test'
import { findOrder, readBlocks, readCommands } from './reader/blocks.ts'
import { createReader, readPage } from './reader/reader.ts'

/** A service that knows nothing of ATH. */
async function serveNotes(t: TestContext, port: number) {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    response.end('milk\n')
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return asked
}

const readme = readBlocks('README.md', readPage('README.md'))

test('whoever follows the README gets an agent in, sees it refused beyond its scope, and stops it', async (t) => {
  const reader = await createReader(t, { ports: 'named' })
  const asked = await serveNotes(t, reader.port(8080))
  for (const block of readme) await reader.follow(block)

  const outputOf = (part: string) =>
    reader.told().find(({ command }) => command.includes(part))?.output ?? ''
  assert.match(outputOf('call notes GET'), /^milk$/m)
  assert.match(outputOf('curl'), /^milk$/m)
  assert.match(outputOf('audit tail'), /proxy_request {2}allowed.* GET .*200/)
  assert.match(outputOf('audit tail'), /scope_violation {2}denied.* PUT .*scope_not_granted/)
  assert.match(outputOf('audit verify'), /^intact/m)
  assert.match(outputOf('agents list'), /approved .*notes:read/)
  assert.match(outputOf('agents suspend'), /suspended/)

  assert.deepEqual(
    asked.map(({ method }) => method),
    ['GET', 'GET'],
  )
  for (const { headers } of asked)
    assert.deepEqual([headers.authorization, headers['x-ath-agent-id']], [undefined, undefined])

  const [call] = readCommands('npm run athx -- call notes GET /')
  await reader.follow({
    place: 'after the README',
    language: 'sh',
    text: `${call}\n`,
    orders: [
      { name: 'run', value: '' },
      { name: 'exits', value: '5' },
    ],
  })
  assert.match(reader.told().at(-1)?.output ?? '', /AGENT_UNAPPROVED/)
})

test('a whole configuration is twelve lines at most', () => {
  const configurations = readme.filter(({ language }) => language === 'yaml')
  assert.equal(configurations.length, 2)
  for (const { place, text } of configurations) {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    assert.ok(lines.length <= 12, `${place}: ${lines.length} lines`)
  }
})

test('what is not run says why', () => {
  const skipped = readme.filter((block) => findOrder(block, 'not run') !== undefined)
  assert.deepEqual(
    skipped.map(({ text }) => text.split('\n')[0]),
    ['git clone <this repository> sallyport && cd sallyport'],
  )
})
