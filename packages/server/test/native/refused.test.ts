import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ath } from '../../src/express.ts'
import {
  AthSetupError,
  createATHHandlers,
  InMemoryAgentRegistry,
  InMemorySessionStore,
  InMemoryTokenStore,
} from '../../src/index.ts'
import { attackedOptions } from './hostile-app.ts'

const handlers = (audience: string) =>
  createATHHandlers({
    registry: new InMemoryAgentRegistry(),
    tokenStore: new InMemoryTokenStore(),
    sessionStore: new InMemorySessionStore(),
    config: {
      audience,
      callbackUrl: `${audience}/ath/callback`,
      appId: 'shop',
      availableScopes: ['products:read'],
      skipAttestationVerification: true,
      oauth: {
        authorize_endpoint: 'https://oauth.example/authorize',
        token_endpoint: 'https://oauth.example/token',
        client_id: 'shop',
      },
      log: () => {},
    },
  })

test('a log-in for anybody, and agents that are believed, are not for an address that others reach', async () => {
  assert.throws(() => ath(attackedOptions('https://shop.example')), AthSetupError)
  const told = ath({ ...attackedOptions('https://shop.example'), production: false })
  await told.close()
  assert.throws(() => handlers('https://shop.example'), AthSetupError)
  assert.ok(handlers('http://localhost:3000'))
})

test('closing twice, or what never opened, is closed', async () => {
  const twice = ath(attackedOptions('http://localhost:3000'))
  await twice.close()
  await twice.close()
  const broken = ath({
    ...attackedOptions('http://localhost:3000'),
    store: {
      kind: 'memory',
      open: () => Promise.reject(new Error('no such store')),
    },
  })
  await assert.rejects(broken.ready())
  await broken.close()
})

const given = process.env['NODE_ENV']
after(() => {
  if (given === undefined) delete process.env['NODE_ENV']
  else process.env['NODE_ENV'] = given
})

test('[R114] in production nothing said in the options opens what is for development', () => {
  process.env['NODE_ENV'] = 'production'
  const options = { ...attackedOptions('https://shop.example'), production: false }
  assert.throws(() => ath(options), AthSetupError)
  assert.throws(() => handlers('http://localhost:3000'), AthSetupError)
})
