import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { createTestCertificate } from '../certificate.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly isEncrypted: boolean
  readonly user: string | undefined
  /** The whole message as it came. */
  readonly raw: string
}

/** A mail server on a real socket, with STARTTLS and a log-in. */
export interface MailServer {
  readonly port: number
  /** What a client must trust. */
  readonly ca: string
  readonly mails: ReceivedMail[]
  close(): Promise<void>
}

/** `account`: only who signs in may send. `starttls: false`: a server, or somebody in between, that offers no TLS. */
export async function openMailServer(
  options: {
    readonly account?: { readonly user: string; readonly password: string }
    readonly starttls?: boolean
  } = {},
): Promise<MailServer> {
  const { cert, key } = createTestCertificate(['localhost'])
  const mails: ReceivedMail[] = []
  const { account, starttls = true } = options
  const server = new SMTPServer({
    cert,
    key,
    disabledCommands: [...(account ? [] : ['AUTH']), ...(starttls ? [] : ['STARTTLS'])],
    authOptional: account === undefined,
    onAuth({ username, password }, _session, done) {
      const isRight = username === account?.user && password === account?.password
      done(isRight ? null : new Error('wrong'), isRight ? { user: username ?? '' } : undefined)
    },
    onData(stream, session, done) {
      void readText(stream).then((raw) => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          isEncrypted: session.secure,
          user: session.user === undefined ? undefined : String(session.user),
          raw,
        })
        done()
      })
    },
  })
  // A client that gives up is no fault of the test.
  server.on('error', () => {})
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.server.address() as AddressInfo).port,
    ca: cert,
    mails,
    close: () => new Promise((closed) => server.close(closed)),
  }
}
