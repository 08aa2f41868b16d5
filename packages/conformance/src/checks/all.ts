import type { Check } from '../check/check.ts'
import { attestation } from './attestation.ts'
import { authorize } from './authorize.ts'
import { call } from './call.ts'
import { callback } from './callback.ts'
import { discovery } from './discovery.ts'
import { errors } from './errors.ts'
import { identity } from './identity.ts'
import { encrypted } from './nine-step/encrypted.ts'
import { greeting } from './nine-step/greeting.ts'
import { handshake } from './nine-step/handshake.ts'
import { person } from './nine-step/person.ts'
import { session } from './nine-step/session.ts'
import { registration } from './registration.ts'
import { revoke } from './revoke.ts'
import { status } from './status.ts'
import { token } from './token.ts'
import { transport } from './transport.ts'

export const allChecks: readonly Check[] = [
  ...discovery,
  ...identity,
  ...attestation,
  ...registration,
  ...status,
  ...authorize,
  ...callback,
  ...token,
  ...call,
  ...revoke,
  ...errors,
  ...transport,
  ...greeting,
  ...handshake,
  ...person,
  ...session,
  ...encrypted,
]
