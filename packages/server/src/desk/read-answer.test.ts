import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsentQuestion } from '../ports/consent-desk.ts'
import type { AthCall } from '../wire/http.ts'
import { readFormAnswer } from './read-answer.ts'

const scope = (name: string, offered: boolean) => ({
  name,
  description: undefined,
  risk: 'medium',
  requested: true,
  approvedByService: offered,
  offered,
})
const provider = (id: string, ...scopes: ReturnType<typeof scope>[]) => ({
  id,
  displayName: id,
  scopes,
})
const questionOf = (...providers: ReturnType<typeof provider>[]) =>
  ({ providers, consent: { longestSeconds: 8 * 3600 } }) as unknown as ConsentQuestion
const question = questionOf(
  provider('a', scope('a:read', true), scope('a:list', true), scope('a:write', false)),
)

const read = (fields: Readonly<Record<string, string>> | string, asked = question) =>
  readFormAnswer(
    {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new TextEncoder().encode(new URLSearchParams(fields).toString()),
    } as unknown as AthCall,
    asked,
  )
const yes = { decision: 'approve', lifetime: '3600', 'scope a:read': 'on' }
const readOnly = {
  kind: 'approve',
  scopes: [{ providerId: 'a', name: 'a:read' }],
  lifetimeSeconds: 3600,
  passkey: undefined,
}

test('scopes of the same name at two services are told apart', () => {
  const both = questionOf(
    provider('a', scope('read', true)),
    provider('b', scope('read', true), scope('b:list', true)),
  )
  const answer = read(
    { decision: 'approve', lifetime: '3600', 'scope b:read': 'on', 'scope b:list': 'on' },
    both,
  )
  assert.deepEqual(answer.kind === 'approve' && answer.scopes, [
    { providerId: 'b', name: 'read' },
    { providerId: 'b', name: 'b:list' },
  ])
})

test('a passkey counts with the time of its page, and not without', () => {
  const sent = (fields: object) => {
    const answer = read({ ...yes, ...fields })
    return answer.kind === 'approve' ? answer.passkey : 'none'
  }
  assert.deepEqual(sent({ passkey: '{}', timestamp: '1795305600' }), {
    assertion: '{}',
    timestamp: 1_795_305_600,
  })
  for (const fields of [
    { passkey: '{}' },
    { timestamp: '1795305600' },
    { passkey: '{}', timestamp: '-1' },
    { passkey: '{}', timestamp: '1e9' },
    { passkey: '{}', timestamp: '' },
  ])
    assert.equal(sent(fields), undefined)
})

test('the ticked scopes and the chosen time are read', () => {
  assert.deepEqual(read(yes), readOnly)
})

test('a scope that the service refused cannot be ticked by hand', () => {
  assert.deepEqual(read({ ...yes, 'scope a:write': 'on' }), readOnly)
})

test('no needs nothing else', () => {
  assert.deepEqual(read({ decision: 'deny' }), { kind: 'deny' })
})

test('yes to nothing is asked again', () => {
  assert.deepEqual(read({ decision: 'approve', lifetime: '3600' }), {
    kind: 'again',
    problem: 'none_ticked',
    ticked: [],
    lifetimeSeconds: 3600,
  })
})

for (const [what, fields] of Object.entries({
  'a time longer than the longest': { ...yes, lifetime: '999999999' },
  'a time that was not offered': { ...yes, lifetime: '61' },
  'a negative time': { ...yes, lifetime: '-1' },
  'no decision': { ...yes, decision: '' },
  'an unknown decision': { ...yes, decision: 'APPROVE' },
  'two decisions': 'decision=approve&decision=deny&lifetime=3600&scope+a%3Aread=on',
  nothing: {},
}))
  test(`${what} is asked again`, () => {
    const answer = read(fields as never)
    assert.equal(answer.kind === 'again' && answer.problem, 'unreadable')
  })
