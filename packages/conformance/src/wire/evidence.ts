/** One request and its answer, as the evidence report shows it: secrets masked, long bodies cut. */
export interface Exchange {
  readonly method: string
  readonly url: string
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly requestBody?: string
  readonly status: number
  readonly answerHeaders: Readonly<Record<string, string>>
  readonly answerBody: string
  /** What else there is to say: a wait, a lost connection. */
  readonly note?: string
}

/** Collects what was sent and got. What several checks share is made once and shown with each of them. */
export interface Recorder {
  add(exchange: Exchange): void
  /** From now on this text is shown by its beginning only. */
  hide(secret: string): void
  mask(text: string): string
  /** Everything that was added since the last call. */
  take(): readonly Exchange[]
  /** Adds what `share` recorded at its first run to whatever is recorded now. */
  once<T>(make: () => Promise<T>): () => Promise<T>
}

const maxShownLength = 2000

export function createRecorder(): Recorder {
  let current: Exchange[] = []
  const secrets = new Set<string>()
  const recorder: Recorder = {
    add: (exchange) => void current.push(exchange),
    hide(secret) {
      if (secret.length >= 8) secrets.add(secret)
    },
    mask(text) {
      let masked = text
      for (const secret of secrets)
        if (masked.includes(secret)) masked = masked.replaceAll(secret, `${secret.slice(0, 10)}…`)
      masked = masked.replace(signature, '$1.…').replace(password, '$1…')
      return masked.length > maxShownLength ? `${masked.slice(0, maxShownLength)}…` : masked
    },
    take() {
      const taken = current
      current = []
      return taken
    },
    once<T>(make: () => Promise<T>) {
      let made: Promise<T> | undefined
      let shown: readonly Exchange[] = []
      return async () => {
        if (made) {
          current.push(...shown)
          return made
        }
        const from = current.length
        made = make()
        try {
          return await made
        } finally {
          shown = current.slice(from)
        }
      }
    },
  }
  return recorder
}

/** A JWS without its signature proves nothing, and shows its header and claims. */
const signature = /(eyJ[\w-]+\.[\w-]*)\.[\w-]{20,}/g
/** A password in a form. */
const password = /((?:^|&)[^=&]*pass[^=&]*=)[^&]+/gi
