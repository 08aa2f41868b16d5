/** One line of the gateway's own log, for operators. Never holds a secret, a token or a person's text. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  /** snake_case, for machines. */
  readonly event: string
  /** One sentence, for people. */
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
}
