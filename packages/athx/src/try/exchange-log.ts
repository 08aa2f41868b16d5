import { performance } from 'node:perf_hooks'

/** One request and what became of it. */
export interface Exchange {
  readonly method: string
  readonly url: string
  /** Absent where there was no answer. */
  readonly status: number | undefined
  readonly milliseconds: number
}

/** Notes every request that goes through its `fetch`. */
export interface ExchangeLog {
  readonly fetch: typeof fetch
  /** What was noted since the last time. */
  take(): readonly Exchange[]
}

export function createExchangeLog(): ExchangeLog {
  let noted: Exchange[] = []
  return {
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      const method = init?.method ?? (input instanceof Request ? input.method : 'GET')
      const started = performance.now()
      const note = (status: number | undefined) =>
        noted.push({ method, url, status, milliseconds: performance.now() - started })
      try {
        const response = await fetch(input, init)
        note(response.status)
        return response
      } catch (error) {
        note(undefined)
        throw error
      }
    },
    take: () => {
      const taken = noted
      noted = []
      return taken
    },
  }
}
