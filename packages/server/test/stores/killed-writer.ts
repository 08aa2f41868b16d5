import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Store } from '@ath-protocol/server'
import { testEpoch } from '@sallyport/testing'

interface Answer {
  readonly handshake: string
  readonly token: string
  readonly grantId: string
}

/** Lets a process write until it answered so many times, and kills it while it goes on. */
export async function writeAndDie(
  kind: 'postgres' | 'redis',
  options: object,
  after: number,
): Promise<readonly Answer[]> {
  const file = join(import.meta.dirname, 'writer.child.ts')
  const args = ['--conditions=sallyport-source', file, kind, JSON.stringify(options)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const answers: Answer[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    // A line that the kill cut off was not answered.
    if (line.endsWith('}')) answers.push(JSON.parse(line) as Answer)
    if (answers.length >= after) child.kill('SIGKILL')
  }
  const [, signal] = (await closed) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL')
  return answers
}

/** Holds when the store has everything that was answered. */
export async function assertNothingLost(store: Store, answers: readonly Answer[]): Promise<void> {
  for (const { handshake, token, grantId } of answers) {
    assert.equal((await store.handshakes.find(handshake))?.state, 'spent')
    assert.equal(await store.handshakes.advance(handshake, 'spend', testEpoch), undefined)
    assert.equal((await store.tokens.find(token))?.revokedAt, testEpoch)
    assert.equal((await store.providerTokens.find(grantId))?.accessToken, grantId)
  }
}
