/** What an app did other than it should, and how to mend it there. */
export class TryFault extends Error {
  override readonly name = 'TryFault'
  readonly fix: string

  constructor(message: string, fix: string) {
    super(message)
    this.fix = fix
  }
}
