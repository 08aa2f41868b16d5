/** A server that the suite can be run against, and how. */
export interface RunningSubject {
  readonly name: string
  readonly url: string
  /** Options of the command that every run against it needs. */
  readonly options: readonly string[]
  close(): Promise<void>
}
