import type { IncomingMessage } from 'node:http'

/** What a system saw of one request: enough to tell afterwards whether something reached it that must not. */
export interface Received {
  readonly method: string
  /** Path and query, as on the wire. */
  readonly target: string
  /** Names and values in turn, as on the wire. */
  readonly rawHeaders: readonly string[]
}

/** Remembers the last requests; the demo reads it, nobody else does. */
export interface ReceivedLog {
  readonly entries: readonly Received[]
  note(request: IncomingMessage): void
}

/** Keeps at most `limit` requests, the newest ones. */
export function createReceivedLog(limit = 1000): ReceivedLog {
  const entries: Received[] = []
  return {
    entries,
    note(request) {
      entries.push({
        method: request.method ?? '',
        target: request.url ?? '',
        rawHeaders: [...request.rawHeaders],
      })
      if (entries.length > limit) entries.shift()
    },
  }
}

/**
 * Finds what of the agent's side leaked to a system behind the gateway: its tokens, client secrets and attestations
 * anywhere in the head of a request, and any `X-ATH-…` header.
 */
export function findLeaks(
  entries: readonly Received[],
  secrets: readonly string[],
): readonly string[] {
  const leaks: string[] = []
  for (const { method, target, rawHeaders } of entries) {
    const head = [target, ...rawHeaders].join('\n')
    const where = `${method} ${target.split('?')[0]}`
    if (secrets.some((secret) => secret !== '' && head.includes(secret)))
      leaks.push(`${where}: a secret of the agent`)
    if (/ath_(tk|secret|sess)_/.test(head)) leaks.push(`${where}: something that looks like ATH`)
    for (let index = 0; index < rawHeaders.length; index += 2)
      if (/^x-ath-/i.test(rawHeaders[index] ?? '')) leaks.push(`${where}: ${rawHeaders[index]}`)
  }
  return leaks
}
