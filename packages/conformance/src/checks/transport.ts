import { request } from 'node:https'
import { connect } from 'node:tls'
import { checks } from '../check/check.ts'
import { expectThat } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Subject } from '../subject/subject.ts'

const isLoopback = (host: string) => /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(host)

function securedHost({ base }: Subject): URL {
  const url = new URL(base)
  if (url.protocol === 'https:') return url
  if (isLoopback(url.hostname))
    throw new Unavailable('the server is on this machine, without TLS: give its public https URL')
  expectThat(false, `${base} is not https`)
}

/** Whether the server goes through with a TLS handshake that offers nothing above `version`. */
const takes = (url: URL, version: 'TLSv1.1' | 'TLSv1.2'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port || 443),
      servername: url.hostname.replace(/^[\d.]+$/, ''),
      minVersion: 'TLSv1',
      maxVersion: version,
      // The platform's defaults would not even offer what is looked for here.
      ciphers: 'DEFAULT:@SECLEVEL=0',
      // Who it is was checked by every other request.
      rejectUnauthorized: false,
      timeout: 10_000,
    })
    const end = (value: boolean) => {
      socket.destroy()
      resolve(value)
    }
    socket.once('secureConnect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })

/** Status of step 1 over TLS 1.2; undefined when there is no such connection. */
const greetBelow13 = (url: URL, message: object): Promise<number | undefined> =>
  new Promise((resolve) => {
    const sent = request(url, {
      method: 'POST',
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
      headers: { 'content-type': 'application/json' },
      timeout: 10_000,
    })
    sent.once('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.once('error', () => resolve(undefined))
    sent.once('timeout', () => sent.destroy())
    sent.end(JSON.stringify(message))
  })

export const transport = checks({
  'tls-required': async (subject) => {
    const url = securedHost(subject)
    expectThat(!(await takes(url, 'TLSv1.1')), `${url.host} takes TLS 1.1`)
    return 'https, and nothing below TLS 1.2'
  },
  'handshake-tls': async (subject) => {
    const url = securedHost(subject)
    const walk = await (await subject.nineStep()).start()
    const status = await greetBelow13(new URL(subject.at('/ath/handshake')), walk.greeting())
    expectThat(
      status === undefined || status >= 400,
      `${url.host} answers step 1 over TLS 1.2 with ${status}, expected a refusal`,
    )
    return status === undefined ? 'no connection below TLS 1.3' : `refused with ${status}`
  },
})
