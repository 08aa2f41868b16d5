import { randomBytes } from 'node:crypto'
import type { Random } from '@ath-protocol/types'

/** The operating system's secure randomness. */
export const systemRandom: Random = { token: (bytes) => randomBytes(bytes).toString('base64url') }
