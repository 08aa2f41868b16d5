/** Why the shop said no, in words that a program and a person understand. */
export class Refused extends Error {
  readonly status: number
  /** Snake case, for programs: `out_of_stock`. */
  readonly code: string
  readonly details: Readonly<Record<string, string | number>>

  constructor(
    status: number,
    code: string,
    message: string,
    details: Readonly<Record<string, string | number>> = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}
