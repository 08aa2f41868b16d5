import { type AthAnswer, jsonAnswer } from '@ath-protocol/server'
import type { CallbackAnswer, CallbackFault } from './channel.ts'

/** A callback that nothing is taken from. The caller learns no more than that. */
export function refuseCallback(fault: CallbackFault): CallbackAnswer {
  const status = fault === 'callback_method' ? 405 : fault === 'callback_malformed' ? 400 : 401
  return { answer: jsonAnswer(status, { error: fault }), refused: fault }
}

export const answered = (answer: AthAnswer): CallbackAnswer => ({ answer })

/** An answer without content: taken. */
export const taken: CallbackAnswer = {
  answer: { status: 200, headers: { 'cache-control': 'no-store' }, body: '' },
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Undefined when it is not UTF-8. */
export function textBody(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body)
  } catch {
    return undefined
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The verb of a button; anything else is no press. */
export const asAction = (value: unknown): 'approve' | 'deny' | undefined =>
  value === 'approve' || value === 'deny' ? value : undefined

/** A consent id by its form: what is not one is not looked for. */
export const asConsentId = (value: unknown): string | undefined =>
  typeof value === 'string' && /^cns_[\w-]{20,100}$/.test(value) ? value : undefined
