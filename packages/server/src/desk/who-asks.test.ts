import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsentQuestion } from '../ports/consent-desk.ts'
import { whoAsks } from './who-asks.ts'

const question = (agentId: string, clientDid?: string) =>
  ({
    agent: { name: 'Assistant', agentId, developer: { name: 'Harbour', id: 'harbour' } },
    consent: { clientDid },
  }) as unknown as ConsentQuestion

const rowsOf = (asked: ConsentQuestion, namedHere = false) =>
  whoAsks('en', asked, namedHere)
    .source.split('<dt>')
    .slice(1)
    .map((row) =>
      row
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )

test('[R70] of an agent with an address its address was checked, and the rest it says itself', () => {
  assert.deepEqual(rowsOf(question('https://xn--bcher-kva.example/agent.json')), [
    'Name Assistant says about itself',
    'Address xn--bcher-kva.example ✓ checked by signature',
    'Developer Harbour harbour says about itself',
  ])
})

test('[U7] of an agent with a DID the DID was checked', () => {
  const did = `did:ath:${'a'.repeat(43)}`
  assert.deepEqual(rowsOf(question(did, did))[1], `DID ${did} ✓ checked by signature`)
  assert.equal(rowsOf(question('https://a.example/', did)).length, 4)
})

test('[U4] the name of a DID that the operator bound to its key comes from the operator', () => {
  const [name, , developer] = rowsOf(question('did:ath:label', 'did:ath:label'), true)
  assert.equal(name, 'Name Assistant ✓ known to your administrator')
  assert.match(developer ?? '', /known to your administrator/)
})
