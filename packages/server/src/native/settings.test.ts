import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoreSource } from '../ports/store.ts'
import { type AthOptions, AthSetupError } from './options.ts'
import { readOptions } from './settings.ts'

const kept: StoreSource = { kind: 'sqlite', open: () => Promise.reject(new Error('not opened')) }
const secret = 'x'.repeat(32)
const development = { production: false, secret: undefined }
const production = { production: true, secret }
const oauth = { issuer: 'https://login.example', clientId: 'ath', clientSecret: 's' }
const base: AthOptions = {
  url: 'http://localhost:3000',
  appId: 'com.acme.shop',
  scopes: { 'products:read': ['GET /api/products/**'] },
  devIdp: true,
}
const safe: AthOptions = {
  url: 'https://shop.example',
  appId: 'com.acme.shop',
  scopes: base.scopes,
  oauth,
  store: kept,
}

test('what is safe runs in production without a warning', () => {
  assert.deepEqual(readOptions(safe, production).warnings, [])
})

test('development needs nothing but scopes, and lists what production refuses', () => {
  const { warnings, config } = readOptions(base, development)
  assert.equal(warnings.length, 4)
  assert.deepEqual([...config.aliases], ['http://127.0.0.1:3000'])
  assert.equal(config.approvalRules[0]?.name, 'development')
})

test('in production an agent that no rule names waits, wherever it comes from', () => {
  const { config } = readOptions(safe, production)
  assert.deepEqual([config.approvalRules.length, config.unmatchedAgents], [0, 'hold'])
})

/** What is wrong, in which surroundings, and what the error says beside the fix. */
const refused: readonly (readonly [string, Partial<AthOptions>, typeof production, RegExp])[] = [
  ['a development log-in', { oauth: undefined, devIdp: true } as never, production, /devIdp/],
  ['http', { url: 'http://shop.example' }, production, /in the clear/],
  ['a store that forgets', { store: undefined } as never, production, /in memory/],
  ['no secret', {}, { production: true, secret: undefined } as never, /no secret/],
  ['a short secret', { secret: 'short' }, production, /5 characters/],
  [
    'http to elsewhere, in development',
    { url: 'http://shop.example' },
    development as never,
    /in the clear/,
  ],
  ['a kept store without a secret', { store: kept }, development as never, /no secret that stays/],
  ['no URL', { url: 'shop' }, production, /no public URL/],
  ['a URL with a path', { url: 'https://shop.example/v1' }, production, /has a path/],
  ['an app id with a space', { appId: 'my shop' }, production, /appId/],
  ['no scopes', { scopes: {} }, production, /no scopes/],
  ['a scope with a space', { scopes: { 'read all': [] } }, production, /no scope/],
  ['a route without a method', { scopes: { a: ['/x'] } }, production, /route/],
  [
    'a misspelt option',
    { agnets: [] } as never,
    development as never,
    /no option `agnets`.*"agents"/,
  ],
  [
    'a misspelt name in a rule',
    { agents: [{ domain: 'a.example', allow: 'all', restriction: {} }] } as never,
    production,
    /agents\[0\] has no `restriction`.*"restrictions"/,
  ],
  [
    'a restriction that nobody enforces',
    { restrictions: { rate_limits: '1/day' } } as never,
    production,
    /restrictions has no `rate_limits`.*"rate_limit"/,
  ],
  [
    'a restriction that cannot be read',
    { restrictions: { access_time: 'by day' } },
    production,
    /restrictions\.access_time/,
  ],
  [
    'a misspelt name in a scope',
    { scopes: { a: { route: ['GET /a'] } } } as never,
    production,
    /scopes\['a'\] has no `route`.*"routes"/,
  ],
  ['a rate that there is not', { limits: { step_ups: 1 } } as never, production, /limits has no/],
  [
    'an empty secret at the OAuth server',
    { oauth: { ...oauth, clientSecret: '' } },
    production,
    /clientSecret` is empty/,
  ],
  ['no OAuth server', { oauth: undefined } as never, production, /no OAuth server/],
  ['two OAuth servers', { devIdp: true }, development as never, /both/],
  [
    'a rule for a scope that is not there',
    { agents: [{ domain: 'a.example', allow: ['b'] }] },
    production,
    /which no scope is called/,
  ],
  ['a rule for nobody', { agents: [{ allow: 'all' }] }, production, /names no agent/],
  ['a relative API base', { apiBase: 'api' }, production, /apiBase/],
  ['an amount that is no pointer', { amounts: { 'POST /o': 'total' } }, production, /JSON pointer/],
  [
    'nine steps where nobody can sign in',
    {
      nineStep: true,
      oauth: {
        authorizationEndpoint: 'https://a.example/a',
        tokenEndpoint: 'https://a.example/t',
        clientId: 'x',
      },
    },
    production,
    /nobody can sign in/,
  ],
]
for (const [what, changes, around, says] of refused)
  test(`${what} is refused, with what to do`, () => {
    assert.throws(
      () => readOptions({ ...safe, ...changes }, around),
      (error: unknown) => {
        assert.ok(error instanceof AthSetupError, String(error))
        assert.match(error.message, says)
        assert.ok(error.fix.length > 5 && error.message.endsWith(`Fix: ${error.fix}.`))
        return true
      },
    )
  })

test('[C27] the last label of the app id, `default` and what is configured stand for the app', () => {
  const { config } = readOptions({ ...safe, aliases: ['store'] }, production)
  assert.deepEqual(
    [...(config.providerAliases ?? [])],
    [
      ['shop', 'com.acme.shop'],
      ['default', 'com.acme.shop'],
      ['store', 'com.acme.shop'],
    ],
  )
})

test('an OAuth server without an issuer asks alone, and nine steps are not offered', () => {
  const { config } = readOptions(
    {
      ...safe,
      oauth: {
        authorizationEndpoint: 'https://a.example/a',
        tokenEndpoint: 'https://a.example/t',
        clientId: 'x',
      },
    },
    production,
  )
  assert.equal(config.nineStep, undefined)
  assert.equal(config.providers.get('com.acme.shop')?.consentPage, false)
})
