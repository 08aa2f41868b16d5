import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { catalogue } from '@ath-protocol/types'
import { createTestCertificate } from '@sallyport/testing'
import { type Block, findOrder, readBlocks } from './reader/blocks.ts'
import { compileBlocks } from './reader/compile.ts'
import { createReader, type Reader, readPage, runSallyport } from './reader/reader.ts'
import { findFiles, inRoot } from './workspace.ts'

const pages = ['README.md', ...findFiles('docs/*.md')]
const blocks = new Map(pages.map((page) => [page, readBlocks(page, readPage(page))]))
const blocksOf = (page: string) => blocks.get(page) ?? []

/** A block of a test’s own, followed like one of a page. */
const order = (text: string, ...orders: Block['orders']): Block => ({
  place: 'a test’s own',
  language: 'sh',
  text,
  orders: [{ name: 'run', value: '' }, ...orders],
})

/** What the README sets up: a service, its configuration and the gateway in front of it. */
async function followReadmeToGateway(t: TestContext): Promise<Reader> {
  const reader = await createReader(t, { ports: 'any' })
  const server = createServer((_request, response) => response.end('milk\n'))
  server.listen(reader.port(8080), '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  for (const block of blocksOf('README.md').filter(
    (one) => findOrder(one, 'file') !== undefined || one.text.startsWith('npm run dev'),
  ))
    await reader.follow(block)
  return reader
}

test('an agent developer who follows the page gets in with the SDK and with athx', async (t) => {
  const reader = await followReadmeToGateway(t)
  for (const block of blocksOf('docs/agents.md')) await reader.follow(block)
  const credentials = join(reader.folder, 'credentials.json')
  assert.match(readFileSync(credentials, 'utf8'), /"clientSecret":"ath_secret_/)
})

test('[R7] the owner of an OAuth server who follows the page sees which agent asks, and that it is proven', async (t) => {
  const reader = await createReader(t, { ports: 'any' })
  for (const block of blocksOf('docs/agent-aware-oauth.md')) await reader.follow(block)
  assert.match(reader.told().at(-1)?.output ?? '', /invalid_client_metadata/)
})

test('whoever follows the page has an app of their own that speaks ATH, and tries it as an agent', async (t) => {
  const reader = await createReader(t, { ports: 'any' })
  for (const block of blocksOf('docs/add-ath-to-your-app.md')) await reader.follow(block)
  // The people’s page wants them signed in first.
  assert.match(reader.told().at(-1)?.output ?? '', /^302$/m)
})

for (const [page, all] of blocks) {
  const compiled = all.filter((block) => findOrder(block, 'compiles') !== undefined)
  if (compiled.length > 0)
    test(`the TypeScript of ${page} compiles`, () => assert.equal(compileBlocks(compiled), ''))
}

test('an operator who follows the page sees and decides about agents, grants and records', async (t) => {
  const reader = await followReadmeToGateway(t)
  await reader.follow(order('athx key new\n'))
  await reader.follow(order('athx agent init --serve\n', { name: 'until', value: 'serving' }))
  await reader.follow(
    order('athx connect notes --scope notes:read --gateway http://127.0.0.1:7080\n', {
      name: 'person',
      value: '',
    }),
  )
  for (const block of blocksOf('docs/operating.md')) await reader.follow(block)
  const said = (part: string) =>
    reader.told().find(({ command }) => command.includes(part))?.output ?? ''
  assert.match(said('agents suspend'), /suspended/)
  assert.match(said('agents resume'), /approved/)
  assert.match(said('grants revoke'), /revoked gnt_/)
  assert.match(said('audit verify'), /^intact/m)
  assert.equal(Buffer.from(said('openssl').trim(), 'base64url').length, 32)
})

test('an upstream that checks the assertion as the page shows knows the user and the agent', async (t) => {
  const reader = await createReader(t, { ports: 'any' })
  const upstreams = blocksOf('docs/upstreams.md')
  const shown = upstreams.find(({ text }) => text.includes('kind: identity_header'))?.text ?? ''
  const local = shown
    .replace(/^(?:gateway|login):.*\n/gm, '')
    .replace('agent: "https://office-agent.example.com/*"', 'domain: 127.0.0.1')
    .replace('http://10.0.4.20:8080', 'http://127.0.0.1:8080')
  writeFileSync(
    join(reader.folder, 'sallyport.yaml'),
    local.replaceAll('8080', `${reader.port(8080)}`),
  )
  const [service] = upstreams.filter((block) => findOrder(block, 'file') === 'hr.mjs')
  assert.ok(service)
  await reader.follow(service)
  await reader.follow(order('npx node hr.mjs\n', { name: 'until', value: 'listening' }))
  await reader.follow(order('sallyport dev\n', { name: 'until', value: 'ready in' }))
  await reader.follow(order('athx key new\n'))
  await reader.follow(order('athx agent init --serve\n', { name: 'until', value: 'serving' }))
  await reader.follow(
    order('athx connect hr --scope hr:read --gateway http://127.0.0.1:7080\n', {
      name: 'person',
      value: '',
    }),
  )
  await reader.follow(order('athx call hr GET /me/leave\n'))
  const { output } = reader.told().at(-1) ?? { output: '' }
  assert.match(output, /^http:\S+agent\.json acts for \S+, who allowed hr:read$/m)
  await reader.follow(order('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:8080/me\n'))
  assert.match(reader.told().at(-1)?.output ?? '', /401/)
})

for (const [page, all] of blocks)
  for (const block of all.filter((one) => findOrder(one, 'check') !== undefined))
    test(`the configuration at ${block.place} is one that sallyport takes`, async (t) => {
      const mode = findOrder(block, 'check')
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-page-'))
      t.after(() => rmSync(folder, { recursive: true, force: true }))
      // What the page takes from the environment and from files is put where the page says, below a folder of ours.
      const text = block.text.replace(/\/(?:run\/secrets|etc\/sallyport)\/[\w.-]+/g, (path) => {
        mkdirSync(join(folder, dirname(path)), { recursive: true })
        writeFileSync(join(folder, path), contentFor(path))
        return join(folder, path)
      })
      writeFileSync(join(folder, 'sallyport.yaml'), text)
      const names = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name)
      const env = Object.fromEntries(names.map((name) => [name, 'a-secret-of-the-test']))
      const checked = await runSallyport(
        folder,
        ['check', ...(mode === 'dev' ? ['--dev'] : [])],
        env,
      )
      assert.equal(checked.status, 0, `${page}\n${checked.output}`)
      assert.match(checked.output, new RegExp(`good for sallyport ${mode}`))
      assert.doesNotMatch(checked.output, /a-secret-of-the-test/)
    })

for (const [page, key] of [
  ['docs/upstreams.md', 'providers'],
  ['docs/channels.md', 'confirm'],
] as const)
  test(`every kind under ${key} has an example in ${page}`, () => {
    const shown = blocksOf(page)
      .map(({ text }) => text)
      .join('\n')
    const kinds = readFileSync(inRoot('docs/reference/config.md'), 'utf8').matchAll(
      new RegExp(`\\| \`${key}\\S* \\{ kind: (\\w+) \\}\``, 'g'),
    )
    for (const kind of new Set([...kinds].map(([, kind = '']) => kind)))
      assert.match(shown, new RegExp(`kind: ${kind}\\b`), kind)
  })

test('every code that the gateway answers with is on the page for agents', () => {
  const page = readPage('docs/agents.md')
  for (const { code } of Object.values(catalogue)) assert.ok(page.includes(`\`${code}\``), code)
})

test('every page, anchor and test that a page links to exists', () => {
  const missing = pages.flatMap((page) =>
    [...readPage(page).matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)].flatMap(
      ([, text = '', link = '']) => {
        if (/^https?:/.test(link)) return []
        const [path = '', anchor] = link.split('#')
        const file = path === '' ? page : join(dirname(page), path)
        if (!existsSync(inRoot(file))) return [`${page}: ${file}`]
        if (file.endsWith('.test.ts')) {
          const names = readFileSync(inRoot(file), 'utf8').replaceAll("\\'", "'")
          return names.includes(text) ? [] : [`${page}: there is no test "${text}" in ${file}`]
        }
        if (anchor === undefined) return []
        return anchorsOf(file).includes(anchor) ? [] : [`${page}: ${link}`]
      },
    ),
  )
  assert.deepEqual(missing, [])
})

test('every threat names at least one test, and no test is named only in words', () => {
  const rows = readPage('docs/threats.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  assert.ok(rows.length > 30)
  for (const row of rows.slice(1)) assert.match(row, /\]\([^)]+\.test\.ts\)/, row)
})

const certificate = createTestCertificate(['gw.corp.example'])
const { publicKey: agentKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** What a page expects in a file of this name. */
function contentFor(path: string): string {
  if (path.endsWith('.pem')) return certificate.cert
  if (path.endsWith('.key')) return certificate.key
  if (path.endsWith('.pub')) return agentKey.export({ type: 'spki', format: 'pem' }).toString()
  const [, name = '', extension = ''] = /([\w-]+)\.(\w+)$/.exec(path) ?? []
  if (extension === 'aes') return 'a'.repeat(43)
  if (extension === 'whsec') return `whsec_${Buffer.alloc(32, name).toString('base64')}`
  return extension === 'url' ? `${webhooks[name]}\n` : 'a-secret-of-the-test\n'
}

/** A webhook is taken at its vendor's own host only. */
const webhooks: Readonly<Record<string, string>> = {
  teams: 'https://prod-1.westeurope.logic.azure.com/workflows/a-secret-of-the-test',
  feishu: 'https://open.feishu.cn/open-apis/bot/v2/hook/a-secret-of-the-test',
  dingtalk: 'https://oapi.dingtalk.com/robot/send?access_token=a-secret-of-the-test',
}

/** The anchors that GitHub gives the headings of a page, and those written out. */
function anchorsOf(file: string): readonly string[] {
  const source = readFileSync(inRoot(file), 'utf8')
  const headings = [...source.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return [...headings, ...[...source.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]
}
