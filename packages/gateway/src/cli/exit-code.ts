/** What the exit status of `sallyport` and `athx` means. Scripts may rely on it. */
export const exitCode = {
  ok: 0,
  failed: 1,
  /** Bad usage, or a configuration that is not as it must be. */
  usage: 3,
  /** The gateway refused what was asked. */
  denied: 5,
  /** The gateway, or something behind it, could not be reached. */
  network: 7,
  /** Evidence does not hold: the audit log was changed. */
  trust: 8,
  interrupted: 130,
} as const
