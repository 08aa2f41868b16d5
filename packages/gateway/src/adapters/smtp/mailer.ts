import { getCACertificates } from 'node:tls'
import { fail, ok } from '@ath-protocol/types'
import { createTransport } from 'nodemailer'
import type { EmailChannel } from '../../config/channels.ts'
import type { MailFault, Mailer } from '../../ports/mailer.ts'

const timeoutMilliseconds = 5000

/**
 * Sends by the operator's mail server. Nothing of a mail is fetched from a URL or a file, and every mail says that a
 * program sent it (RFC 3834), so that nobody's holiday note answers it.
 */
export function openMailer(config: EmailChannel, options: { readonly ca?: string } = {}): Mailer {
  const { host, port, security, user, password: pass, from } = config
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined || pass === undefined ? {} : { auth: { user, pass } }),
    tls: {
      minVersion: 'TLSv1.2',
      ca: [...getCACertificates('default'), ...(options.ca === undefined ? [] : [options.ca])],
    },
    connectionTimeout: timeoutMilliseconds,
    greetingTimeout: timeoutMilliseconds,
    socketTimeout: timeoutMilliseconds,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ to, language, subject, text, html }) {
      try {
        await transport.sendMail({
          from: { name: 'Sallyport', address: from },
          to: { name: '', address: to },
          subject,
          text,
          html,
          headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
        })
        return ok(undefined)
      } catch (cause) {
        return fail(faultOf(cause))
      }
    },
    close: () => transport.close(),
  }
}

/** A 5xx of the server is its last word (RFC 5321 §4.2.1), and so is a sign-in that it refuses; all else may pass. */
function faultOf(cause: unknown): MailFault {
  const { code, responseCode } = cause as { code?: unknown; responseCode?: unknown }
  if (typeof responseCode === 'number' && responseCode >= 500)
    return { kind: 'refused', code: String(responseCode) }
  return { kind: 'unreachable', detail: typeof code === 'string' ? code : 'error' }
}
