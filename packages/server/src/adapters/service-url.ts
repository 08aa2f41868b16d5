import { StartError } from './start-error.ts'

/** What Node says of a certificate that it does not trust. */
export const isUntrusted = (code: unknown): code is string =>
  typeof code === 'string' && /CERT|UNABLE_TO_VERIFY|TLS_CERT/.test(code)

/** Reads the address of a service, and how it is called in messages: without password and options. */
export function readServiceUrl(
  text: string,
  protocols: readonly string[],
): { readonly url: URL; readonly shown: string } {
  const example = `${protocols[0]}//user@host/name`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !protocols.includes(url.protocol))
    throw new StartError(
      `the \`url\` of the store is no ${protocols.join(' or ')} URL`,
      `write it as ${example}; encode what is special in the password (encodeURIComponent)`,
    )
  const user = url.username === '' ? '' : `${url.username}@`
  return { url, shown: `${url.protocol}//${user}${url.host}${url.pathname}` }
}
