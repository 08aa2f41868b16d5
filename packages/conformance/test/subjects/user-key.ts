import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import { createBrowser } from '../../src/consent/browser.ts'
import { createRecorder } from '../../src/wire/evidence.ts'
import { createHttp } from '../../src/wire/http.ts'

/** Registers a key on the person's own page, and gives its private half as PEM. */
export async function registerUserKey(url: string): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y } = await exportJWK(publicKey)
  const page = new URL(`${url}/me/keys`)
  page.searchParams.set(
    'key',
    Buffer.from(JSON.stringify({ kty, crv, x, y })).toString('base64url'),
  )
  page.searchParams.set('label', 'conformance')
  const send = createHttp({ recorder: createRecorder(), timeoutSeconds: 20 })
  const browser = createBrowser(send, { approve: ['add'], deny: [], fields: {} })
  const { seen } = await browser.visit(page.href, 'approve')
  const end = seen.at(-1)?.answer
  if (end?.status !== 200 || !end.text.includes('conformance'))
    throw new Error(`the key was not registered: ${end?.status} at ${seen.at(-1)?.url}`)
  return exportPKCS8(privateKey)
}
