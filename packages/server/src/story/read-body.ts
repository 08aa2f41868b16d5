import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { UploadFailed } from '../transport/upload-failed.ts'
import type { CallBody } from './exchange.ts'

/** A body that has to be here whole before anything is decided must come within this time. */
const bodySeconds = 30
const nothing: ReadonlySet<string> = new Set()

/** Takes a body as a whole. Failures: `body_over_limit`, `caller_aborted`. */
export function readWholeBody(
  body: CallBody,
  maxBytes: number,
): Promise<Result<Uint8Array | undefined, Failure>> {
  if (body.kind === 'none') return Promise.resolve(ok(undefined))
  if ((body.length ?? 0) > maxBytes)
    return Promise.resolve(fail({ reason: 'body_over_limit', limitBytes: maxBytes }))
  const timer = setTimeout(() => body.cancel({ reason: 'caller_aborted' }), bodySeconds * 1000)
  const taken = body.kind === 'whole' ? body.take() : collect(body.open(maxBytes, nothing).stream)
  return taken.finally(() => clearTimeout(timer))
}

async function collect(stream: NodeJS.ReadableStream): Promise<Result<Uint8Array, Failure>> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return ok(Buffer.concat(chunks))
  } catch (cause) {
    return fail(cause instanceof UploadFailed ? cause.failure : { reason: 'caller_aborted' })
  }
}
