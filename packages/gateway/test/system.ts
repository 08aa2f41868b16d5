import { randomBytes } from 'node:crypto'
import type { Clock, Random } from '@ath-protocol/types'

export const systemClock: Clock = { now: () => Date.now() / 1000 }
export const systemRandom: Random = { token: (bytes) => randomBytes(bytes).toString('base64url') }
