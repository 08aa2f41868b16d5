import { returnedHeaders } from '../proxy/headers.ts'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts } from './exchange.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

// RFC 9110 §5.5: what a field value may hold, as latin1. Anything else could end the header early.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const unsafe = /[^\t\u0020-\u007e\u0080-\u00ff]/

/** What may come back. The body is not touched (R99). */
export function filter(
  _: ProxyPorts,
  { answer }: { readonly answer: UpstreamAnswer },
): Result<{ answerHeaders: string[] }, Failure> {
  const answerHeaders = returnedHeaders(answer.headers)
  for (const text of answerHeaders)
    if (unsafe.test(text)) {
      const failure: Failure = { reason: 'upstream_protocol', cause: 'control character in header' }
      answer.stop(failure)
      return fail(failure)
    }
  return ok({ answerHeaders })
}
