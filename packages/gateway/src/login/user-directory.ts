import type { UserDirectory } from '@ath-protocol/server'
import type { LoginStore } from '../ports/logins.ts'

/** The same people for the handlers, whether they signed in here or are known from an upstream (C24). */
export function createUserDirectory(logins: Pick<LoginStore, 'ensureUser'>): UserDirectory {
  return { ensure: async (person) => (await logins.ensureUser(person)).id }
}
