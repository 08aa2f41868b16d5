import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ownSegments, shortPaths } from '@ath-protocol/server/parts'
import { call, openWorld, type World } from './world.ts'

let world: World
const controlled: string[] = []
before(async () => {
  world = await openWorld({
    rules: [['oa:read', 'GET /api/**']],
    upstream: (request, response) => response.end(request.url),
    control: async ({ path }) => {
      controlled.push(path)
      return undefined
    },
  })
})
after(() => world.close())

test('[D20] a provider is reached by its own name as by the proxy’s, path and query as sent', async () => {
  for (const path of ['/api/approval/list', '/api/a?b=c/d', '/api/%E4%B8%AD'])
    for (const root of ['/oa', '/ath/proxy/oa']) {
      const answer = await call(world, root + path)
      assert.equal(answer.status, 200, root + path)
      assert.equal(answer.body.toString(), path)
      assert.equal(world.events.at(-1)?.provider_id, 'oa')
    }
})

test('[R95] [R96] the scope map and the path rules are the same on the short path', async () => {
  for (const [target, status] of [
    ['/oa/admin', 403],
    ['/oa', 403],
    ['/oa?x=1', 403],
    ['/oa/', 403],
    ['/oa/api/../admin', 400],
    ['/oa//api/x', 400],
    ['/oa/api/x;a=b', 400],
    ['/crm/api/x', 403],
  ] as const)
    assert.equal((await call(world, target)).status, status, target)
})

test('[R91] nothing is reached by the short path without a token', async () => {
  assert.equal((await call(world, '/oa/api/x', { headers: {} })).status, 401)
})

test('what is no provider’s name goes to the pages, in any spelling', async () => {
  for (const target of ['/OA/api/x', '/%6fa/api/x', '//oa/api/x', '/oa2/api/x', '/', '/oa.x/api'])
    assert.equal((await call(world, target)).status, 404, target)
  assert.equal(controlled.length, 6)
})

test('the gateway’s own addresses stay its own, whatever a provider is called', () => {
  const ids = ['oa', 'me', 'Login', 'ATH', 'health', 'constructor', '__proto__']
  assert.deepEqual([...shortPaths(ids)], ['oa', 'constructor', '__proto__'])
  for (const segment of ownSegments) assert.equal(segment, segment.toLowerCase())
})
