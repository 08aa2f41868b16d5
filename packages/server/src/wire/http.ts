/** One inbound request as the handlers see it: no framework, no socket. Bodies are read and bounded before. */
export interface AthCall {
  readonly method: string
  /** The path as received, without query; still percent-encoded. */
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names. A header sent twice is joined with `, ` (cookies with `; `), as node:http does. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** The caller's address after trusted proxies. */
  readonly ip: string
  /**
   * Before the paths of people's own pages (`/login`, `/me`): `/ath` inside an app that has such pages of its own; nothing
   * at a gateway.
   */
  readonly mount?: string | undefined
  /** `TLSv1.3`, where TLS ends here; absent when it ends at a proxy before us, or there is none. */
  readonly tlsVersion?: string
}

export interface AthAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string
}
