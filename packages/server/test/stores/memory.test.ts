import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '@ath-protocol/server'
import { storeContract, storeDeps, testEpoch } from '@sallyport/testing'

const open = () => memoryStore().open(storeDeps())

storeContract('memory', open)

test('memory is this process’s own: what is read from it may be kept', async () => {
  assert.equal((await open()).shared, false)
})

test('however many begin to sign in, memory stays bounded, and the newest can go on', async () => {
  const { logins } = await open()
  const flow = (index: number) => ({
    stateHash: `state ${index}`,
    bindingHash: 'binding',
    codeVerifier: 'verifier',
    nonce: 'nonce',
    returnTo: '/',
    expiresAt: testEpoch,
  })
  for (let index = 0; index <= 10_000; index++) await logins.insertFlow(flow(index))
  assert.equal(await logins.takeFlow('state 0'), undefined)
  assert.deepEqual(await logins.takeFlow('state 1'), flow(1))
  assert.deepEqual(await logins.takeFlow('state 10000'), flow(10_000))
})
