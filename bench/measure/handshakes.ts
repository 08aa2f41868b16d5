import { createDidKey, exportDidKey } from '@sallyport/testing'
import { type Bench, loopback } from '../bench.ts'
import type { HandshakeResult, HandshakeSettings } from '../load/handshakes.ts'
import type { BenchResult } from '../result.ts'
import { startHandshakeGateway } from '../subjects/subject.ts'
import { readUsage } from '../usage.ts'

const lanes = 8

/** Nine-step handshakes, from the first message to the access token, at a gateway on one core. */
export async function measureHandshakes(
  bench: Bench,
): Promise<NonNullable<BenchResult['handshakes']>> {
  const { handshakes, rounds } = bench.plan
  const [agent, user] = await Promise.all([createDidKey(), createDidKey()])
  const gateway = await startHandshakeGateway(bench.processes, { agent, user })
  const settings: HandshakeSettings = {
    url: loopback(gateway.port),
    agent: await exportDidKey(agent),
    user: await exportDidKey(user),
    scopes: ['bench:read', 'bench:write'],
    lanes,
    handshakes,
  }
  const perSecond: number[] = []
  const cpuMicroseconds: number[] = []
  const cryptoMicroseconds: number[] = []
  try {
    // The first round warms up, and has the gateway check the user's signature.
    for (let round = 0; round <= rounds; round++) {
      bench.say(`${handshakes} handshakes, round ${round}`)
      const before = readUsage(gateway.pid)
      const running = bench.processes.startEntry('./load/handshakes.ts', 'load', settings)
      const { seconds } = (await running.nextLine()) as HandshakeResult
      const after = readUsage(gateway.pid)
      const alone = bench.processes.startEntry('./measure/handshake-crypto.ts', 'proxy', {
        handshakes,
        rounds: 1,
      })
      const { cpuMicroseconds: floor } = (await alone.nextLine()) as {
        readonly cpuMicroseconds: readonly number[]
      }
      if (round === 0) continue
      perSecond.push(handshakes / seconds)
      if (before && after)
        cpuMicroseconds.push((after.cpuMicroseconds - before.cpuMicroseconds) / handshakes)
      cryptoMicroseconds.push(...floor)
    }
  } finally {
    await gateway.stop()
  }
  return { handshakes, perSecond, cpuMicroseconds, cryptoMicroseconds }
}
