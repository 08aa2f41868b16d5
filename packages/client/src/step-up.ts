import type { Clock } from '@ath-protocol/types'
import { AthError, type StepUp } from './ath-error.ts'
import { isSameOrigin } from './place.ts'
import { showPage } from './show-page.ts'
import { sleep } from './system.ts'

/**
 * How the user learns that a call waits for them. `print` (default) writes the URL to stderr, `open` also opens a
 * browser, a function brings it to the user in its own way. `refuse` asks nobody: the refusal is the answer.
 */
export type StepUpSetting = 'print' | 'open' | 'refuse' | ((asked: StepUp) => unknown)

/** As `fetch` takes them, and who tells the user that the call waits for them. */
export interface CallInit extends RequestInit {
  readonly onStepUp?: StepUpSetting | undefined
}

export const stepUpHeader = 'x-ath-step-up'

/** Beyond the end, by another clock, the answering side would have said so. */
const graceSeconds = 30
const longestPauseSeconds = 60

/** What a `STEP_UP_REQUIRED` asks for; undefined for every other error. A page anywhere else than at `base` is refused. */
export function stepUpOf(error: AthError | undefined, base: string): StepUp | undefined {
  const asked = error?.stepUp
  if (!asked) return undefined
  if (isSameOrigin(asked.confirmUrl, base)) return asked
  throw new AthError('ANSWER_REFUSED', {
    message: 'the page for the user is somebody else’s',
  })
}

/** Shows the user the page, and repeats the call until they have answered or the question is over. */
export async function awaitStepUp(
  asked: StepUp,
  {
    clock,
    onStepUp,
    signal,
  }: {
    readonly clock: Clock
    readonly onStepUp: StepUpSetting
    readonly signal?: AbortSignal | null | undefined
  },
  repeat: (
    id: string,
  ) => Promise<{ readonly response: Response; readonly refusal?: AthError | undefined }>,
): Promise<Response> {
  if (typeof onStepUp === 'function') await onStepUp(asked)
  else await showPage(asked.confirmUrl, 'confirm', onStepUp === 'open')
  for (let pause = asked.interval; ; ) {
    await sleep(pause, signal ?? undefined)
    const { response, refusal } = await repeat(asked.id)
    const isPending = refusal?.details['reason'] === 'step_up_pending'
    if (!isPending || clock.now() > asked.expiresAt + graceSeconds) return response
    await response.body?.cancel()
    pause = Math.max(asked.interval, Math.min(refusal.retryAfterSeconds ?? 0, longestPauseSeconds))
  }
}
