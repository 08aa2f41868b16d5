import type { Store } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { sampleHandshake } from './handshakes-contract.ts'
import { sampleProviderTokens } from './provider-tokens-contract.ts'
import { sampleRegistration } from './registry-contract.ts'
import { sampleSession } from './sessions-contract.ts'
import { sampleUpstreamLeg } from './upstream-legs-contract.ts'

/** Stands in what may lie in clear: whoever looks for secrets must find this. */
export const clearName = 'CLEAR-name'
/** Begins every secret that `writeSecrets` stores. */
export const secretMark = 'SECRET'

/** Stores one of everything that must be sealed wherever it lies. */
export async function writeSecrets(store: Store): Promise<void> {
  const secret = (name: string) => `${secretMark}-${name}`
  await store.handshakes.insert(
    sampleHandshake({ codeVerifier: secret('code-verifier'), nonce: secret('nonce') }),
  )
  await store.providerTokens.save(
    'gnt_1',
    sampleProviderTokens({ accessToken: secret('access'), refreshToken: secret('refresh') }),
  )
  await store.logins.insertFlow({
    stateHash: 'hash',
    bindingHash: 'hash',
    codeVerifier: secret('flow-verifier'),
    nonce: secret('flow-nonce'),
    returnTo: `/ath/authorize/${secret('opaque')}`,
    expiresAt: testEpoch,
  })
  const user = await store.logins.ensureUser({ issuer: 'https://idp.example', subject: 'wang' })
  await store.logins.insertSession({
    hash: 'hash',
    userId: user.id,
    csrfToken: secret('csrf'),
    createdAt: testEpoch,
    expiresAt: testEpoch + 60,
  })
  await store.sessions.insert(
    sampleSession({
      keys: {
        keyC2s: secret('key-c2s'),
        keyS2c: secret('key-s2c'),
        exporter: secret('exporter'),
        ivC2s: secret('iv-c2s'),
        ivS2c: secret('iv-s2c'),
      },
    }),
  )
  await store.legs.insert(
    sampleUpstreamLeg({ codeVerifier: secret('leg-verifier'), nonce: secret('leg-nonce') }),
  )
  await store.registry.insert(sampleRegistration({ name: clearName }))
}
