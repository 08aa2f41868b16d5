import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  ApprovedProvider,
  Credentials,
  PendingHandshake,
  StoredSession,
} from '@ath-protocol/client'
import type { Place } from '../place.ts'
import { digest, placeDirectory } from './place-directory.ts'
import { readIfThere, writePrivate } from './private-file.ts'

/** What a registration left behind. Without a secret: known to be registered, but its credentials are elsewhere. */
export interface KeptRegistration extends Credentials {
  /** The base URL of the gateway, or of the service that speaks ATH itself. */
  readonly gateway: string
  readonly agentId: string
  readonly status?: string
  readonly approvals?: readonly ApprovedProvider[]
  readonly approvalExpires?: string
}

/**
 * What athx keeps of one agent at one place. Each thing is a file of its own, so that two athx running at once do
 * not undo each other's work.
 */
export interface Profile {
  readonly directory: string
  registration(): Promise<KeptRegistration | undefined>
  keepRegistration(registration: KeptRegistration): Promise<void>
  session(providerId: string): Promise<StoredSession | undefined>
  sessions(): Promise<readonly StoredSession[]>
  keepSession(session: StoredSession): Promise<void>
  dropSession(providerId: string): Promise<void>
  handshake(id: string): Promise<PendingHandshake | undefined>
  handshakes(): Promise<readonly PendingHandshake[]>
  keepHandshake(handshake: PendingHandshake): Promise<void>
  dropHandshake(id: string): Promise<void>
}

export function openProfile(home: string, place: Place, agentId: string): Profile {
  const directory = placeDirectory(home, place, agentId)
  const registrationPath = join(directory, 'registration.json')
  const tokens = join(directory, 'tokens')
  const pending = join(directory, 'handshakes')
  const inTokens = (providerId: string) => join(tokens, `${digest(providerId)}.json`)
  const inPending = (id: string) => join(pending, `${digest(id)}.json`)
  return {
    directory,
    registration: () => readJson<KeptRegistration>(registrationPath),
    keepRegistration: (registration) => writeJson(registrationPath, registration),
    session: (providerId) => readJson<StoredSession>(inTokens(providerId)),
    sessions: () => readAll<StoredSession>(tokens),
    // Each member by name: a session of the client hides its token from a copy.
    keepSession: ({
      providerId,
      accessToken,
      scopes,
      expiresAt,
      grantExpiresAt,
      consentedScopes,
    }) =>
      writeJson(inTokens(providerId), {
        providerId,
        accessToken,
        scopes,
        expiresAt,
        grantExpiresAt,
        consentedScopes,
      }),
    dropSession: (providerId) => rm(inTokens(providerId), { force: true }),
    handshake: (id) => readJson<PendingHandshake>(inPending(id)),
    handshakes: () => readAll<PendingHandshake>(pending),
    keepHandshake: (handshake) => writeJson(inPending(handshake.id), handshake),
    dropHandshake: (id) => rm(inPending(id), { force: true }),
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readIfThere(path)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

const writeJson = (path: string, value: unknown) =>
  writePrivate(path, `${JSON.stringify(value, null, 2)}\n`)

async function readAll<T>(directory: string): Promise<readonly T[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = names.filter((name) => name.endsWith('.json')).sort()
  const found = await Promise.all(files.map((name) => readJson<T>(join(directory, name))))
  return found.filter((one) => one !== undefined)
}
