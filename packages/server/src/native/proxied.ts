import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { canonicalProvider } from '../endpoint/canonical-provider.ts'
import type { HeaderList } from '../proxy/headers.ts'
import type { OpenCall } from '../story/in-flight.ts'
import { type ProxyOutcome, proxyStory } from '../story/story.ts'
import type { AnswerSink, UpstreamAnswer } from '../story/upstream-answer.ts'
import { type ProxyTarget, readProxyTarget } from '../surfaces/http/target.ts'
import type { AppParts } from './app-parts.ts'
import { type AppAnswer, type AppRequest, pathOf, proxyCallOf } from './app-request.ts'
import { refusal } from './app-answer.ts'
import { EncryptedAnswer, encryptedHead } from '../story/encrypted-answer.ts'
import type { Unsealed } from '../story/encrypted.ts'

/**
 * `ANY /ath/proxy/{app}/{path}` inside an app (R91–R99): the same story as at a gateway. It is sent on with the user's
 * own OAuth token, so that the app's own log-in stays as it is.
 */
export async function proxied(parts: AppParts, request: AppRequest): Promise<AppAnswer> {
  const startedAt = parts.ports.clock.now()
  const target = readTarget(parts, request)
  let open: OpenCall | undefined
  const told: ProxyOutcome | undefined = target.ok
    ? await proxyStory.tell(parts.proxyPorts, {
        call: proxyCallOf(request, {
          ...target.value,
          startedAt,
          opened: (call) => {
            open = call
          },
        }),
      })
    : undefined
  let bytesOut = 0
  const record = (failure: Failure | undefined) => {
    if (open) parts.inFlight.remove(open)
    return parts.recorder.record({
      call: {
        method: request.method,
        providerId: target.ok ? target.value.providerId : undefined,
        rawPath: target.ok ? target.value.rawPath : pathOf(request),
        ip: request.ip,
        startedAt,
      },
      reached: told?.reached ?? 'receive',
      token: told?.gathered.token,
      method: told?.gathered.method,
      path: told?.gathered.path,
      scope: told?.gathered.scope,
      failure,
      upstreamStatus: told?.gathered.answer?.status,
      bytesIn: 0,
      bytesOut,
      endedAt: parts.ports.clock.now(),
    })
  }
  const result = told?.result ?? (target.ok ? fail<Failure>({ reason: 'route_unknown' }) : target)
  if (!result.ok) {
    const recordId = record(result.error)
    if (result.error.reason === 'bug') parts.ports.report(result.error.cause, recordId ?? '')
    return refusal(result.error, recordId)
  }
  const { answer, answerHeaders, unsealed } = result.value
  const count = (bytes: number) => void (bytesOut += bytes)
  if (unsealed)
    return {
      status: 200,
      headers: encryptedHead,
      body: encryptedBody(answer, answerHeaders, unsealed.reply, { count, record }),
    }
  return {
    status: answer.status,
    headers: answerHeaders,
    body: isEmpty(answer.status) ? drained(answer, record) : bodyOf(answer, { count, record }),
  }
}

const isEmpty = (status: number) => status === 204 || status === 205 || status === 304

function drained(
  answer: UpstreamAnswer,
  record: (failure: Failure | undefined) => unknown,
): undefined {
  answer.pipe({ data: () => true, ended: () => record(undefined), failed: record })
  return undefined
}

/** The body as it comes, and the record when it is over. */
function bodyOf(answer: UpstreamAnswer, { count, record }: Watch): ReadableStream<Uint8Array> {
  return streamed(answer, (controller) => ({
    data(chunk) {
      count(chunk.length)
      controller.enqueue(chunk)
      return (controller.desiredSize ?? 0) > 0
    },
    ended() {
      record(undefined)
      controller.close()
    },
    failed(failure) {
      record(failure)
      // A clean end would make half an answer look whole.
      controller.error(new Error(failure.reason))
    },
  }))
}

/** One encrypted piece a line (U10). What the app said, status and headers too, is inside. */
function encryptedBody(
  answer: UpstreamAnswer,
  headers: HeaderList,
  reply: Unsealed['reply'],
  { count, record }: Watch,
): ReadableStream<Uint8Array> {
  return streamed(answer, (controller) => {
    const write = (line: Buffer) => {
      count(line.length)
      controller.enqueue(line)
    }
    return new EncryptedAnswer(
      reply,
      { status: answer.status, headers },
      {
        write,
        finish(line) {
          write(line)
          record(undefined)
          controller.close()
        },
        failed(failure) {
          answer.stop(failure)
          record(failure)
          controller.error(new Error(failure.reason))
        },
        ready() {
          if ((controller.desiredSize ?? 0) > 0) answer.resume()
        },
      },
    )
  })
}

/** Who counts what goes out, and keeps the record of how it ended. */
interface Watch {
  count(bytes: number): void
  record(failure: Failure | undefined): unknown
}

/** An answer at the pace of whoever reads it; who leaves stops it. */
const streamed = (
  answer: UpstreamAnswer,
  into: (controller: ReadableStreamDefaultController<Uint8Array>) => AnswerSink,
): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>(
    {
      start: (controller) => answer.pipe(into(controller)),
      pull: () => answer.resume(),
      cancel: () => answer.stop({ reason: 'caller_aborted' }),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 256 * 1024 }),
  )

function readTarget({ ports }: AppParts, { target }: AppRequest): Result<ProxyTarget, Failure> {
  const read = readProxyTarget(target)
  if (!read.ok) return read
  return ok({ ...read.value, providerId: canonicalProvider(ports.config, read.value.providerId) })
}
