import type { Failure } from '@ath-protocol/types'

/** The error a request body's stream is destroyed with, so that the reason survives the way through a transport. */
export class UploadFailed extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.reason)
    this.name = 'UploadFailed'
    this.failure = failure
  }
}
