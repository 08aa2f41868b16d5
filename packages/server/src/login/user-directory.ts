import type { UserDirectory } from '../ports/consent-desk.ts'
import type { LoginStore } from '../ports/logins.ts'

/** The people of a log-in store, as handlers know them. */
export const userDirectory = (logins: LoginStore): UserDirectory => ({
  ensure: async (person) => (await logins.ensureUser(person)).id,
  has: async (id) => (await logins.findUser(id)) !== undefined,
})
