import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import { createBrowser } from '../../src/consent/browser.ts'
import { createRecorder } from '../../src/wire/evidence.ts'
import { createHttp } from '../../src/wire/http.ts'

/** Registers a key on the person's own page for keys, signing in with these fields, and gives its private half as PEM. */
export async function registerUserKey(
  keysPage: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y } = await exportJWK(publicKey)
  const page = new URL(keysPage)
  page.searchParams.set(
    'key',
    Buffer.from(JSON.stringify({ kty, crv, x, y })).toString('base64url'),
  )
  page.searchParams.set('label', 'conformance')
  const send = createHttp({ recorder: createRecorder(), timeoutSeconds: 20 })
  const browser = createBrowser(send, {
    // The page's button says "Add this key"; a log-in on the way says "approve".
    approve: ['add', 'approve'],
    deny: ['deny'],
    fields,
  })
  const { stoppedAt, seen } = await browser.visit(page.href, 'approve', {
    stopAt: ({ searchParams }) => searchParams.get('done') === 'added',
  })
  if (stoppedAt === undefined)
    throw new Error(`the key was not registered: the browser ended at ${seen.at(-1)?.url}`)
  return exportPKCS8(privateKey)
}
