import { catalogue, errorDocs, type PublicCode, type Row } from '@ath-protocol/types'
import { type ClientCode, type ClientRow, clientCatalogue } from './client-catalogue.ts'

/** A code of the protocol, of this client, or of a peer that has codes of its own. */
export type AthErrorCode = PublicCode | ClientCode | (string & {})

/** A call that its user must confirm once more (RFC 9470): exactly this one, on a page of the app's own. */
export interface StepUp {
  readonly id: string
  /** https, or http on this machine. */
  readonly confirmUrl: string
  /** Unix seconds, by the answering side's clock. */
  readonly expiresAt: number
  /** Seconds between two questions whether the user has answered. */
  readonly interval: number
}

export interface AthErrorFacts {
  readonly message?: string | undefined
  readonly fix?: string | undefined
  readonly retryable?: boolean | undefined
  readonly status?: number | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly retryAfterSeconds?: number | undefined
  /** The gateway's audit record to quote to its operator. */
  readonly instance?: string | undefined
  readonly stepUp?: StepUp | undefined
  readonly cause?: unknown
}

/**
 * Everything this client throws, except what an aborted `signal` brings as its own reason. Tell them apart by
 * `code`. `fix` says what to do next; `retryable` whether the same call may succeed later.
 */
export class AthError extends Error {
  override readonly name = 'AthError'
  readonly code: AthErrorCode
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined
  readonly fix: string
  readonly docUrl: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
  /** What `Retry-After` asked for. */
  readonly retryAfterSeconds: number | undefined
  readonly instance: string | undefined
  /** Of a `STEP_UP_REQUIRED`: the page on which the user confirms, and until when. */
  readonly stepUp: StepUp | undefined

  constructor(code: AthErrorCode, facts: AthErrorFacts = {}) {
    const known = faceOf(code, facts.status)
    super(
      facts.message ?? known?.text ?? 'unknown error',
      'cause' in facts ? { cause: facts.cause } : {},
    )
    this.code = code
    this.status = facts.status
    this.fix = facts.fix ?? known?.fix ?? 'see the documentation of this gateway'
    this.docUrl = `${errorDocs}#${code.toLowerCase()}`
    this.retryable = facts.retryable ?? known?.retryable ?? false
    this.details = facts.details ?? {}
    this.retryAfterSeconds = facts.retryAfterSeconds
    this.instance = facts.instance
    this.stepUp = facts.stepUp
  }

  toJSON(): Record<string, unknown> {
    const { code, message, status, fix, docUrl, retryable, details, instance } = this
    return { code, message, status, fix, doc_url: docUrl, retryable, details, instance }
  }
}

/** Every code there is: the protocol's, our extensions, and the client's own. */
export const errorCodes: readonly string[] = [
  ...new Set([
    ...Object.values<Row>(catalogue).map(({ code }) => code),
    ...Object.keys(clientCatalogue),
  ]),
]

/** Everything a code may stand for, without asking anybody; empty for a code that is not known. */
export function describeCode(code: string): readonly (Row | ClientRow)[] {
  if (Object.hasOwn(clientCatalogue, code)) return [clientCatalogue[code as ClientCode]]
  return Object.values<Row>(catalogue).filter((row) => row.code === code)
}

/** Of several faces of a code the one with this status. */
function faceOf(code: string, status: number | undefined): Row | ClientRow | undefined {
  const faces = describeCode(code)
  return faces.find((face) => 'status' in face && face.status === status) ?? faces[0]
}
