/** A call that athx itself cannot carry out: wrong flags, missing settings, unusable files (exit code 3), nothing kept that would serve (exit code 4). */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly fix: string
  readonly code: 'USAGE' | 'CREDENTIALS_MISSING'

  constructor(message: string, fix: string, code: UsageError['code'] = 'USAGE') {
    super(message)
    this.fix = fix
    this.code = code
  }
}
