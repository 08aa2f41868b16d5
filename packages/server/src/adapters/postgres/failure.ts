import { isUntrusted } from '../service-url.ts'
import { StartError } from '../start-error.ts'

/** Says why a PostgreSQL store cannot be opened and what to do, for what an operator can mend. Never names the password. */
export function explainPostgresFailure(
  store: { readonly shown: string; readonly user: string; readonly schema: string },
  cause: unknown,
): unknown {
  if (cause instanceof StartError) return cause
  const { shown, user, schema } = store
  const { code, message = '' } = (cause ?? {}) as { code?: unknown; message?: string }
  const explained = (problem: string, fix: string) =>
    new StartError(`the store ${shown} ${problem}`, fix, { cause })
  switch (code) {
    case '28P01':
    case '28000':
      return explained(
        `does not let the user ${user} in: wrong password, no such role, or no line in pg_hba.conf`,
        'correct user and password in the `url` of the store',
      )
    case '3D000':
      return explained(
        'does not exist: the server has no database of this name',
        `create it (\`createdb\`), owned by ${user}`,
      )
    case '42501':
      return explained(
        `does not let the user ${user} make the tables of the schema ${schema}`,
        `as the owner of the database: CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${user}`,
      )
    case '53300':
      return explained(
        'has no free connection',
        'lower `poolSize`, or raise max_connections of the server',
      )
    case '57P03':
      return explained('is starting up or shutting down', 'try again in a moment')
    case 'ECONNREFUSED':
      return explained(
        'cannot be reached: nothing listens at this host and port (ECONNREFUSED)',
        'start PostgreSQL, or correct host and port in the `url` of the store',
      )
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return explained(
        `cannot be reached: the host is not known (${code})`,
        'correct the host in the `url` of the store',
      )
    case 'ECONNRESET':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return explained(`cannot be reached (${code})`, 'check the network between here and there')
  }
  if (isUntrusted(code))
    return explained(
      `shows a certificate that is not trusted (${code})`,
      'name its authority: `?sslmode=verify-full&sslrootcert=/path/ca.pem` in the `url`, or NODE_EXTRA_CA_CERTS',
    )
  if (/timeout/i.test(message))
    return explained('does not answer in time', 'check the network between here and there')
  if (/password must be a string|no password/i.test(message))
    return explained(
      `asks the user ${user} for a password and the \`url\` has none`,
      'write it into the `url` of the store, or set PGPASSWORD',
    )
  if (/does not support SSL/i.test(message))
    return explained('does not speak TLS', 'take `sslmode` out of the `url`, or set TLS up there')
  return cause
}
