import type { Rate } from '@ath-protocol/types'

/** The operations with a rate of their own (R119). */
export type Limited =
  | 'register_ip'
  | 'register_agent'
  | 'authorize_client'
  | 'token_client'
  | 'proxy_token'
  | 'login_ip'
  | 'status_ip'
  | 'handshake_ip'
  | 'handshake_client'
  | 'confirm_user'
  | 'step_up'

/** So many in so long. */
export interface RateLimit {
  readonly count: number
  readonly perSeconds: number
}

/** Counts requests. Synchronous: the hot path asks it once per call. */
export interface RateLimits {
  /** Undefined when within the limit, else how long to wait and the limit in words (`30/minute`). */
  take(
    what: Limited,
    key: string,
  ): { readonly retryAfterSeconds: number; readonly limit: string } | undefined
  /** The same for a rate that is not configured by name: a restriction's (U13). */
  takeRate(
    rate: Rate,
    key: string,
  ): { readonly retryAfterSeconds: number; readonly limit: string } | undefined
}
