import type { AthConfig } from '../config.ts'

/** Whether a redirect URI is our own callback, under any name that agents know us by: then it is nobody's (C7). */
export function isOwnCallback({ callbackUrl, aliases }: AthConfig, uri: string): boolean {
  return uri === callbackUrl || aliases.some((alias) => uri === `${alias}/ath/callback`)
}
