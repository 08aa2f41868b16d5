import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openHandshakeProfile } from '../src/state/handshake-profile.ts'

test('[U10] of many who take a number at once each gets its own, and a number far ahead is gone on from', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'athx-profile-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  const open = () =>
    openHandshakeProfile(home, { native: false, base: 'https://gw.example' }, 'did:ath:agent')
  const profiles = Array.from({ length: 50 }, open)
  const taken = await Promise.all(profiles.map((one) => one.takeSequence('ses_1', 0)))
  assert.deepEqual(
    taken.toSorted((one, other) => one - other),
    Array.from({ length: 50 }, (_, n) => n),
  )
  assert.equal(await open().takeSequence('ses_1', 1000), 1000)
  assert.equal(await open().takeSequence('ses_1', 7), 1001)
  assert.equal(await open().takeSequence('ses_2', 0), 0)
  await open().dropSession()
  assert.equal(await open().session(), undefined)
})
