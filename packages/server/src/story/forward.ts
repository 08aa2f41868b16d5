import { type HeaderList, upstreamHeaders } from '../proxy/headers.ts'
import { type Failure, fail, type Result } from '@ath-protocol/types'
import type { Unsealed } from './encrypted.ts'
import type { ProxyPorts, Received, Route } from './exchange.ts'
import type { OpenCall } from './in-flight.ts'
import { endOf, type LiveToken } from './live-token.ts'
import { UpstreamAnswer } from './upstream-answer.ts'

interface Minted extends Received {
  readonly token: LiveToken
  readonly route: Route
  readonly method: string
  readonly path: string
  readonly unsealed: Unsealed | undefined
  readonly maxBodyBytes: number
  readonly wholeBody: Uint8Array | undefined
  readonly credentialHeaders: HeaderList
}

type Answered = Result<{ answer: UpstreamAnswer }, Failure>

/** Asks the upstream, with the body as it is and without anything that is the agent's own secret (R99, R101). */
export function forward(ports: ProxyPorts, exchange: Minted): Promise<Answered> {
  const forwarding = new Forwarding(ports, exchange)
  ports.inFlight.add(forwarding)
  exchange.call.opened(forwarding)
  return forwarding.run()
}

class Forwarding implements OpenCall {
  readonly token: LiveToken
  readonly ip: string
  slot = -1
  readonly #ports: ProxyPorts
  readonly #exchange: Minted
  #answer: UpstreamAnswer | undefined
  #stopped: Failure | undefined

  constructor(ports: ProxyPorts, exchange: Minted) {
    this.token = exchange.token
    this.ip = exchange.call.ip
    this.#ports = ports
    this.#exchange = exchange
  }

  stop(failure: Failure): void {
    this.#stopped ??= failure
    const { body } = this.#exchange.call
    if (body.kind !== 'none') body.cancel(failure)
    this.#answer?.stop(failure)
  }

  stalled(now: number): Failure | undefined {
    return this.#exchange.call.stalled(now)
  }

  run(): Promise<Answered> {
    const { call, route, credentialHeaders, maxBodyBytes, unsealed, wholeBody } = this.#exchange
    const { body } = call
    if (this.#stopped) return Promise.resolve(fail(this.#stopped))
    if (unsealed || wholeBody) return this.#repeatable(wholeBody)
    if (body.kind === 'whole')
      return body.take().then((taken) => {
        if (!taken.ok) return fail(this.#stopped ?? taken.error)
        return this.#repeatable(taken.value)
      })
    if (body.kind === 'none') {
      if (route.credential.session) return this.#repeatable(undefined)
      return this.#send(credentialHeaders, undefined)
    }
    const sent = this.#send(credentialHeaders, body.open(maxBodyBytes, route.credential.reserved))
    return route.credential.session ? this.#checkStreamed(sent) : sent
  }

  #send(
    credentialHeaders: HeaderList,
    body: Parameters<Route['upstream']['dispatch']>[0]['body'],
  ): Promise<Answered> {
    // Waiting for the body or a log-in gives time for a revocation.
    const ended = this.#stopped ?? endOf(this.token, this.#ports.clock.now(), this.ip)
    if (ended) return Promise.resolve(fail(ended))
    const { call, route, method, path, unsealed } = this.#exchange
    const answer = new UpstreamAnswer()
    this.#answer = answer
    const sent = unsealed ?? call
    const headers = upstreamHeaders(sent.headers, route.credential.reserved)
    // RFC 9110 §7.6.3.
    headers.push('via', '1.1 sallyport', ...credentialHeaders)
    answer.carriedBy(
      route.upstream.dispatch(
        {
          method,
          path: route.basePath + path + call.query,
          headers,
          body,
          longLived: sent.longLived,
        },
        answer,
      ),
    )
    return answer.head
  }

  /** When the upstream's log-in has run out, logs in once and asks again: the body is still at hand. */
  async #repeatable(body: Uint8Array | undefined): Promise<Answered> {
    const { route, credentialHeaders, path } = this.#exchange
    const first = await this.#send(credentialHeaders, body)
    const { session } = route.credential
    if (!first.ok || !session) return first
    const { answer } = first.value
    if (!session.isOver(answer.status, answer.headers, credentialHeaders)) {
      session.seen(answer.headers, path)
      return first
    }
    answer.stop({ reason: 'upstream_credential', cause: 'log-in over' })
    const renewed = await session.renew(credentialHeaders, path)
    if (!renewed.ok) return renewed
    const second = await this.#send(renewed.value, body)
    if (second.ok) session.seen(second.value.answer.headers, path)
    return second
  }

  /** A streamed body is gone: the caller has to send it again, and the log-in is new by then. */
  async #checkStreamed(sent: Promise<Answered>): Promise<Answered> {
    const { route, credentialHeaders, path } = this.#exchange
    const { session } = route.credential
    const answered = await sent
    if (!answered.ok || !session) return answered
    const { answer } = answered.value
    if (!session.isOver(answer.status, answer.headers, credentialHeaders)) {
      session.seen(answer.headers, path)
      return answered
    }
    const over: Failure = { reason: 'upstream_credential', cause: 'log-in over' }
    answer.stop(over)
    const renewed = await session.renew(credentialHeaders, path)
    return renewed.ok ? fail(over) : renewed
  }
}
