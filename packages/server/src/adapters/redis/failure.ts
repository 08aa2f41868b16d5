import { isUntrusted } from '../service-url.ts'
import { StartError } from '../start-error.ts'

/** Says why a Redis store cannot be opened and what to do, for what an operator can mend. Never names the password. */
export function explainRedisFailure(shown: string, cause: unknown): unknown {
  if (cause instanceof StartError) return cause
  const { code, message = '' } = (cause ?? {}) as { code?: unknown; message?: string }
  const explained = (problem: string, fix: string) =>
    new StartError(`the store ${shown} ${problem}`, fix, { cause })
  if (isUntrusted(code))
    return explained(
      `shows a certificate that is not trusted (${code})`,
      'name its authority in the environment variable NODE_EXTRA_CA_CERTS',
    )
  if (/WRONGPASS|NOAUTH|invalid password|without any password/i.test(message))
    return explained(
      'does not let us in: the password is wrong, missing or not wanted',
      'correct it in the `url` of the store: redis://user:password@host',
    )
  if (/NOPERM/.test(message))
    return explained(
      'does not allow a command that is needed',
      'grant the user of the `url` the categories @read, @write, @scripting and @connection for its keys',
    )
  if (/DB index is out of range|invalid DB index/i.test(message))
    return explained(
      'does not exist: the server has no database of this number',
      'name one that it has at the end of the `url`, or none',
    )
  if (/LOADING|MASTERDOWN/.test(message))
    return explained('is loading its data', 'try again in a moment')
  if (/READONLY/.test(message))
    return explained('is a replica', 'name the primary in the `url` of the store')
  switch (code) {
    case 'ECONNREFUSED':
      return explained(
        'cannot be reached: nothing listens at this host and port (ECONNREFUSED)',
        'start Redis, or correct host and port in the `url` of the store',
      )
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return explained(
        `cannot be reached: the host is not known (${code})`,
        'correct the host in the `url` of the store',
      )
  }
  if (/timed? ?out|closed|ECONNRESET|EHOSTUNREACH|ENETUNREACH/i.test(`${code} ${message}`))
    return explained(
      `does not answer (${message || String(code)})`,
      'check the network between here and there, and whether the server wants TLS (rediss:)',
    )
  return cause
}
