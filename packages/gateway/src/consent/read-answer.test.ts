import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AthCall, ConsentQuestion } from '@ath-protocol/server'
import { readFormAnswer, scopeField } from './read-answer.ts'

const scope = (name: string, offered: boolean) => ({
  name,
  description: undefined,
  requested: true,
  approvedByService: offered,
  offered,
})
const question = {
  scopes: [scope('a:read', true), scope('a:list', true), scope('a:write', false)],
  grantLifetimeSeconds: 8 * 3600,
} as unknown as ConsentQuestion

const read = (fields: Readonly<Record<string, string>> | string) =>
  readFormAnswer(
    {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new TextEncoder().encode(new URLSearchParams(fields).toString()),
    } as unknown as AthCall,
    question,
  )
const yes = { decision: 'approve', lifetime: '3600', [scopeField('a:read')]: 'on' }

test('the ticked scopes and the chosen time are read', () => {
  assert.deepEqual(read(yes), { kind: 'approve', scopes: ['a:read'], lifetimeSeconds: 3600 })
})

test('a scope that the service refused cannot be ticked by hand', () => {
  assert.deepEqual(read({ ...yes, [scopeField('a:write')]: 'on' }), {
    kind: 'approve',
    scopes: ['a:read'],
    lifetimeSeconds: 3600,
  })
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
