import { checks } from '../../check/check.ts'
import { describe, expectRefused, expectThat } from '../../check/expect.ts'
import { Unavailable, Unmet } from '../../check/verdict.ts'
import { decrypt, encrypt, encryptedType } from '../../nine-step/encrypted.ts'
import { usualCapabilities } from '../../nine-step/walk.ts'
import { needCall } from '../admitted-call.ts'

export const encrypted = checks({
  'encrypted-calls': async (subject) => {
    const nineStep = await subject.nineStep()
    const capabilities = [...usualCapabilities, 'ATH-ENC']
    const { walk, answer, sessionId, token } = await nineStep.finished({ capabilities })
    if (!walk.transcript.m2.includes('"ATH-ENC"'))
      throw new Unavailable('the server does not offer encrypted sessions')
    const { keyC2s, keyS2c, ivC2s } = await walk.sessionKeys(answer.json['key_exchange_params'])
    expectRefused(await subject.call(token), 'A call in clear in an encrypted session', {
      status: 401,
    })
    const { providerId } = await subject.target()
    const { call } = subject.settings
    // An app takes encrypted calls by its proxy path only.
    const url = new URL(await subject.address({ provider: providerId }))
    const header = { sid: sessionId, seq: 0, htm: call.method, htu: url.pathname + url.search }
    const body = encrypt({ key: keyC2s, iv: ivC2s }, header, { headers: {} })
    const headers = {
      authorization: `Bearer ${token.value}`,
      'content-type': encryptedType,
      accept: encryptedType,
    }
    const send = () => subject.send(url.href, { method: 'POST', headers, body })
    const called = await send()
    needCall(subject.settings, called.json['code'] === 'SCOPE_NOT_APPROVED')
    expectThat(
      called.headers.get('content-type')?.startsWith(encryptedType) === true,
      `An encrypted call: answered ${describe(called)} as ${called.headers.get('content-type')}, expected ${encryptedType}`,
    )
    const status = openFirst(keyS2c, called.text)
    expectRefused(await send(), 'The same encrypted message again', { status: 409 })
    needCall(subject.settings, status === 403 || status === 404)
    expectThat(
      status < 400,
      `An encrypted call, ${call.method} ${url.pathname}: answered ${status} inside, expected to be let in`,
    )
    return `encrypted both ways, answered ${status}; a second time refused`
  },
})

/** Status of the first piece of an encrypted answer. */
function openFirst(key: Uint8Array, text: string): number {
  try {
    const { message } = decrypt({ key }, text.split('\n')[0] ?? '')
    return Number(message['status'] ?? 200)
  } catch (cause) {
    throw new Unmet("The answer cannot be decrypted with the session's key", { cause })
  }
}
