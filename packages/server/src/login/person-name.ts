import type { Person } from '../ports/logins.ts'

/** How a page names a person to themselves. */
export function personName({ name, email, subject }: Person): string {
  if (name !== undefined && email !== undefined) return `${name} (${email})`
  return name ?? email ?? subject
}
