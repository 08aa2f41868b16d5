import assert from 'node:assert/strict'
import type { webcrypto } from 'node:crypto'
import { NineStepAgent, openDidKey, signCredential } from '@sallyport/testing'
import { readSettings, tell } from '../settings.ts'

/** Completes nine-step handshakes, `lanes` of them side by side, as an agent whose user allowed it ahead of time. */
export interface HandshakeSettings {
  readonly url: string
  readonly agent: webcrypto.JsonWebKey
  readonly user: webcrypto.JsonWebKey
  readonly scopes: readonly string[]
  readonly lanes: number
  readonly handshakes: number
}
export interface HandshakeResult {
  readonly seconds: number
}

const settings = readSettings<HandshakeSettings>()
const [agent, user] = await Promise.all([openDidKey(settings.agent), openDidKey(settings.user)])
const discovery = await fetch(`${settings.url}/.well-known/ath.json`)
const { server_did: serverDid } = (await discovery.json()) as { readonly server_did: string }
const now = () => Date.now() / 1000
const credential = await signCredential(user, {
  agent,
  serverDid,
  scopes: settings.scopes,
  now: now(),
})

async function shakeHands(): Promise<void> {
  const one = new NineStepAgent({
    key: agent,
    now,
    send: async (method, path, { body }) => {
      const response = await fetch(`${settings.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return {
        status: response.status,
        json: (await response.json()) as Record<string, unknown>,
      }
    },
  })
  for (const step of [
    () => one.greet(),
    () => one.identify(),
    () => one.request(credential, settings.scopes, { ttl: 600 }),
    () => one.complete(),
  ]) {
    const { status, json } = await step()
    assert.equal(status, 200, JSON.stringify(json))
  }
}

let left = settings.handshakes
async function lane(): Promise<void> {
  while (left-- > 0) await shakeHands()
}
const startedAt = performance.now()
await Promise.all(Array.from({ length: settings.lanes }, lane))
const result: HandshakeResult = { seconds: (performance.now() - startedAt) / 1000 }
tell(result)
