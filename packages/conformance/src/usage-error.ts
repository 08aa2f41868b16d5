/** The command was given what it cannot use. The message says what, and what to give instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The subject cannot be examined at all. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}
