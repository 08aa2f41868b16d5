import { ok } from '@ath-protocol/types'
import type { Credential } from '../credentials/credential.ts'

/**
 * Which scopes the agent has whose call our proxy sends on: the app sees the user's own token, and its guards have to
 * know that an agent asks. It only ever closes doors, so nobody gains by forging it.
 */
export const proxiedHeader = 'x-ath-proxied'

/** The credential, and beside it the word that the call is an agent's. */
export const sayingProxied = (credential: Credential): Credential => ({
  ...credential,
  async mint(token, path) {
    const minted = await credential.mint(token, path)
    if (!minted.ok) return minted
    return ok([...minted.value, proxiedHeader, [...token.scopes].join(' ')])
  },
})
