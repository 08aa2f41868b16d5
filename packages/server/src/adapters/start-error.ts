/** What is stored cannot be opened, or gone on with. `fix` says what the operator can do about it. */
export class StartError extends Error {
  readonly fix: string

  constructor(problem: string, fix: string, options?: ErrorOptions) {
    super(`${problem}\nFix: ${fix}`, options)
    this.name = 'StartError'
    this.fix = fix
  }
}
