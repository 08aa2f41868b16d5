import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, ok } from '@ath-protocol/types'
import { expand, type ExpansionSources } from './expand.ts'

const sources: ExpansionSources = {
  env: { HOST: 'gw.example', EMPTY: '', TRICK: '${HOST}' },
  readFile: (path) => (path === '/run/secrets/x' ? ok('s3cret\n') : fail('there is no such file')),
}

test('references take their value from the environment, a default or a file', () => {
  const expanded = (text: string) => {
    const result = expand(text, sources)
    return result.ok ? result.value : result.error
  }
  assert.equal(expanded('plain'), 'plain')
  assert.equal(expanded('https://${HOST}/x'), 'https://gw.example/x')
  assert.equal(expanded('${NO:-other}'), 'other')
  assert.equal(expanded('${EMPTY:-other}'), 'other')
  assert.equal(expanded('${NO:-}'), '')
  assert.equal(expanded('${EMPTY}'), '')
  assert.equal(expanded('${file:/run/secrets/x}'), 's3cret')
  assert.equal(expanded('$${HOST}'), '${HOST}')
  assert.equal(expanded('cost: 5$ and $HOST'), 'cost: 5$ and $HOST')
})

test('what was inserted is not expanded again', () => {
  assert.deepEqual(expand('${TRICK}', sources), ok('${HOST}'))
})

test('a value that is missing is a fault that says which', () => {
  const problem = (text: string) => {
    const result = expand(text, sources)
    return result.ok ? undefined : result.error
  }
  assert.match(problem('${NO}')?.problem ?? '', /environment variable `NO` is not set/)
  assert.match(problem('${file:/nope}')?.problem ?? '', /\/nope.*no such file/)
  assert.match(problem('${file:}')?.problem ?? '', /no path/)
  assert.match(problem('a ${HOST')?.problem ?? '', /never closed/)
  assert.equal(problem('a ${HOST')?.at, '${HOST')
  assert.match(problem('${vault:x#y}')?.problem ?? '', /is not a reference/)
  assert.match(problem('${constructor}')?.problem ?? '', /is not set/)
  assert.match(problem('${}')?.problem ?? '', /is not a reference/)
})
