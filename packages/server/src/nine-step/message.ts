import {
  canonicalJson,
  type Failure,
  fail,
  type HandshakeFault,
  ok,
  type Result,
  readWire,
} from '@ath-protocol/types'
import type { z } from 'zod'
import { answerFailure, type Endpoint, type Received } from '../endpoint/endpoint.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { NineStepPorts } from '../ports/nine-step.ts'
import { jsonAnswer } from '../wire/answer.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'

/** One message to `POST /ath/handshake`, its JSON read but nothing in it looked at. */
export interface ReceivedMessage extends Received {
  readonly body: Readonly<Record<string, unknown>>
}

/** A message that is as its schema says, and the canonical JSON of it as it was sent. */
export interface ReadMessage<Message> {
  readonly message: Message
  readonly canonical: string
  readonly nineStep: NineStepPorts
}

export const refused = (
  kind: HandshakeFault['kind'],
  more: Omit<HandshakeFault, 'kind'> = {},
): { readonly ok: false; readonly error: Failure } =>
  fail({ reason: 'handshake_message', fault: { kind, ...more } })

/** A fault of the pure rules as a failure of the exchange. */
export function faultResult<T>(result: Result<T, HandshakeFault>): Result<T, Failure> {
  return result.ok ? result : fail({ reason: 'handshake_message', fault: result.error })
}

/** TLS 1.3 or nothing (D2). Where TLS ends before us, whoever ends it sees to that. */
export function checkTransport({ tlsVersion }: AthCall): Result<void, Failure> {
  return tlsVersion === undefined || tlsVersion === 'TLSv1.3'
    ? ok(undefined)
    : refused('tls_too_old', { evidence: tlsVersion })
}

/** The `read` stage of every message: counted by address, checked against its schema, made canonical. */
export function readMessage<Schema extends z.ZodType>(schema: Schema) {
  return (
    ports: AthPorts,
    { call, body }: ReceivedMessage,
  ): Result<ReadMessage<z.infer<Schema>>, Failure> => {
    const { nineStep } = ports
    if (!nineStep) return fail({ reason: 'route_unknown' })
    const transport = checkTransport(call)
    if (!transport.ok) return transport
    const within = takeLimit(ports.limits, 'handshake_ip', callerKey(call.ip))
    if (!within.ok) return within
    const read = readWire(schema, body)
    if (!read.ok) return fail({ reason: 'request_malformed', errors: read.error })
    const canonical = canonicalJson(body)
    if (!canonical.ok) return refused('message_not_canonical', { evidence: canonical.error })
    return ok({ message: read.value, canonical: canonical.value, nineStep })
  }
}

/** A refusal as a message of the handshake: the usual members, `type` and the handshake's id (U12). */
export function errorMessage(
  failure: Failure,
  recordId: string,
  handshakeId: string | undefined,
  more: Readonly<Record<string, unknown>> = { type: 'error' },
): AthAnswer {
  const rendered = answerFailure(failure, recordId)
  const problem = JSON.parse(rendered.body) as Record<string, unknown>
  const { status } = rendered
  const headers = Object.fromEntries(
    Object.entries(rendered.headers).filter(([name]) => name !== 'content-type'),
  ) as Record<string, string>
  return jsonAnswer(
    status,
    {
      ...problem,
      ...more,
      ...(handshakeId === undefined ? {} : { handshake_id: handshakeId }),
    },
    headers,
  )
}

/** How a message's endpoint refuses. */
export const refuseMessage: NonNullable<Endpoint<ReceivedMessage, ReceivedMessage>['refuse']> = (
  _ports,
  { gathered },
  failure,
  recordId,
) => errorMessage(failure, recordId, sentHandshakeId(gathered.body))

export function sentHandshakeId(
  body: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  const id = body?.['handshake_id']
  return typeof id === 'string' && id.length <= 128 ? id : undefined
}
