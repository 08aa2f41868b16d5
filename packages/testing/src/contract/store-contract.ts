import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from '@ath-protocol/server'
import { channelIdentitiesContract, deliveriesContract } from './channels-contract.ts'
import { consentsContract } from './consents-contract.ts'
import { grantsContract } from './grants-contract.ts'
import { handshakesContract } from './handshakes-contract.ts'
import { loginsContract } from './logins-contract.ts'
import { nineStepContract } from './nine-step-contract.ts'
import { type Open, unique, useAdapter } from './opened.ts'
import { passkeysContract } from './passkeys-contract.ts'
import { preAuthorizationsContract } from './pre-authorizations-contract.ts'
import { providerTokensContract } from './provider-tokens-contract.ts'
import { registryContract } from './registry-contract.ts'
import { replayContract } from './replay-contract.ts'
import { sessionsContract } from './sessions-contract.ts'
import { tokensContract } from './tokens-contract.ts'
import { upstreamLegsContract } from './upstream-legs-contract.ts'
import { userKeysContract } from './user-keys-contract.ts'

/** What every `Store` does. Each suite opens one of its own, which must be empty. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  const port =
    <Name extends keyof Store>(port: Name): Open<Store[Name]> =>
    async () => {
      const store = await open()
      return { port: store[port], close: () => store.close() }
    }
  registryContract(name, port('registry'))
  handshakesContract(name, port('handshakes'))
  grantsContract(name, port('grants'))
  tokensContract(name, port('tokens'))
  providerTokensContract(name, port('providerTokens'))
  replayContract(name, port('replay'))
  loginsContract(name, port('logins'))
  consentsContract(name, port('consents'))
  nineStepContract(name, port('nineStep'))
  sessionsContract(name, port('sessions'))
  userKeysContract(name, port('userKeys'))
  preAuthorizationsContract(name, port('preAuthorizations'))
  upstreamLegsContract(name, port('legs'))
  passkeysContract(name, port('passkeys'))
  channelIdentitiesContract(name, port('channelIdentities'))
  deliveriesContract(name, port('deliveries'))

  describe(`${name} as a whole store`, () => {
    const store = useAdapter(async () => {
      const opened = await open()
      return { port: opened, close: () => opened.close() }
    })

    test('answers when asked whether it can be read', () => store().check())

    test('keeps the head of the audit chain that was saved last', async () => {
      assert.equal(await store().auditAnchor.read(), undefined)
      await store().auditAnchor.save('head 1')
      await store().auditAnchor.save('head 2')
      assert.equal(await store().auditAnchor.read(), 'head 2')
    })

    test('knows the same people by its directory and by their log-in', async () => {
      const person = { issuer: 'https://idp.corp.example', subject: unique('sub') }
      const id = await store().users.ensure(person)
      assert.equal((await store().logins.ensureUser(person)).id, id)
      assert.equal(await store().users.has(id), true)
      assert.equal(await store().users.has('usr_nobody'), false)
    })
  })
}
