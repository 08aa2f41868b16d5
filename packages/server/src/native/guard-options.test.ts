import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkGuard } from './guard-options.ts'
import type { AthOptions } from './options.ts'
import { readOptions } from './settings.ts'

const around = { production: false, secret: undefined }
const shop: AthOptions = {
  url: 'http://localhost:3000',
  appId: 'com.acme.shop',
  scopes: { 'orders:write': ['POST /api/orders'] },
  devIdp: true,
}
const withLogin = readOptions(shop, around)
const withoutLogin = readOptions(
  {
    ...shop,
    devIdp: false,
    oauth: {
      authorizationEndpoint: 'https://login.example/authorize',
      tokenEndpoint: 'https://login.example/token',
      clientId: 'ath',
      clientSecret: 's',
    },
  },
  around,
)
const stepUp = () => true

test('a guard that can let somebody in is made', () => {
  checkGuard(withLogin, 'orders:write', {})
  checkGuard(withLogin, 'orders:write', { stepUp })
  checkGuard(withoutLogin, 'orders:write', {})
})

test('a guard with a scope that nobody can have is refused where it is made, with those there are', () => {
  assert.throws(() => checkGuard(withLogin, 'order:write', {}), {
    name: 'AthSetupError',
    fix: /orders:write/,
  })
})

test('a confirmation that nobody could give is refused where it is asked for', () => {
  assert.throws(() => checkGuard(withoutLogin, 'orders:write', { stepUp }), {
    name: 'AthSetupError',
    message: /nobody can sign in here/,
    fix: /`issuer`/,
  })
})
