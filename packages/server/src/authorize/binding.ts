import type { Random } from '@ath-protocol/types'
import type { Handshake } from '../ports/handshakes.ts'
import { hashSecret, matchesHash } from '../secret/hash.ts'
import { hostCookie, readCookie } from '../wire/cookie.ts'
import type { AthCall } from '../wire/http.ts'

const name = '__Host-ath_bind'
/** Longer than a handshake, so that the cookie never ends first. */
const maxAgeSeconds = 900
const form = /^[A-Za-z0-9_-]{43}$/

/**
 * Ties this browser to a handshake (R64). A browser that holds a binding keeps it, so that two handshakes in two tabs
 * both finish; only this origin can have set it.
 */
export function bindBrowser(
  call: AthCall,
  random: Random,
): { readonly hash: string; readonly cookie: string } {
  const held = readCookie(call, name)
  const value = held !== undefined && form.test(held) ? held : random.token(32)
  return { hash: hashSecret(value), cookie: hostCookie(name, value, maxAgeSeconds) }
}

/** Whether this is the browser that the handshake was bound to (R65). */
export function isBoundBrowser(call: AthCall, handshake: Pick<Handshake, 'bindingHash'>): boolean {
  const held = readCookie(call, name)
  return (
    held !== undefined &&
    handshake.bindingHash !== undefined &&
    matchesHash(held, handshake.bindingHash)
  )
}
