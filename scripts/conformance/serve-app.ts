import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { TestCertificate } from '@sallyport/testing'

/** An app at `https://localhost:<port>`, with Node's own settings for TLS; gives how to end it. */
export async function serveApp(
  app: RequestListener,
  { port, certificate }: { readonly port: number; readonly certificate: TestCertificate },
): Promise<() => Promise<void>> {
  const server = createServer(certificate, app)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}
