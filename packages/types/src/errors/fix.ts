import { timestampWindowSeconds } from '../nine-step/freshness.ts'
import type { HandshakeFault } from '../nine-step/fault.ts'
import { encryptionCapability } from '../nine-step/negotiate.ts'
import type { Failure } from './failure.ts'

/** What to do about this very reason, where the row that several reasons share can only say it roughly. */
export function fixOf(failure: Failure): string | undefined {
  switch (failure.reason) {
    case 'agent_suspended':
      return 'ask the operator, who can take it back: `sallyport agents resume <agent>`'
    case 'scope_unmapped':
      return 'no scope opens this: ask the operator to map it, or call something else'
    case 'handshake_message':
      return failure.fault.member === encryptionCapability
        ? 'this server wants sessions encrypted: `athx handshake --encrypted`, or `encrypted: true`'
        : handshakeFixes[failure.fault.kind]
    default:
      return undefined
  }
}

const handshakeFixes: Readonly<Partial<Record<HandshakeFault['kind'], string>>> = {
  timestamp_outside_window: `set the clock: it is more than ${timestampWindowSeconds} s away from the gateway’s`,
  key_not_of_did: 'use the key that the DID is bound to, or the DID of this key (`athx key show`)',
  did_label_not_pinned:
    'no key is bound to this name: check its spelling, or ask the operator: `sallyport agents add <did> --key <file>`',
  proof_invalid: 'check the clock, then the key; a proof is good for a minute',
  credential_malformed:
    'give the whole text, as `athx grant make` or the page `/me/ahead` wrote it',
  credential_key_unknown:
    'the user registers the key that signed it (`athx grant key register`), or makes another on `/me/ahead`',
  credential_expired:
    'its time is over: ask the user for a new one (`athx grant make`, or `/me/ahead`)',
  credential_not_yet_valid: 'its time has not begun: check the clock where it was made',
  credential_audience_differs:
    'it is for another gateway: the user makes one with this gateway’s `server_did`',
  credential_of_other_client: 'it is for another agent: the user makes one for this agent’s DID',
  credential_key_differs: 'it is for another key: the user makes one for the key of this agent',
  credential_revoked:
    'the user took it back: do not use it again; ask them whether they want another',
  credential_used: 'it was good for one handshake: ask the user for another',
}
