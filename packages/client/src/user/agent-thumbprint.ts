import { importKeyText, keyOfDidKey, parseDid } from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { readHandshakeKey } from '../nine-step/handshake-key.ts'

/**
 * The thumbprint of the key that a permission is bound to: what the agent's DID says itself, else the thumbprint or key
 * given (PEM or JWK text; of a private key its public half). Where both speak they must agree.
 */
export async function agentThumbprint(did: string, given?: string): Promise<string> {
  const said = await thumbprintOfDid(did)
  const named = given === undefined ? undefined : await thumbprintOfText(given.trim())
  const thumbprint = said ?? named
  if (thumbprint === undefined)
    throw invalid(
      `${did} does not say which key the agent has`,
      'give its public key, too: a PEM or JWK file, or its thumbprint (`--agent-key`)',
    )
  if (named !== undefined && named !== thumbprint)
    throw invalid('the key is not the one of this DID', 'ask the agent’s owner which is right')
  return thumbprint
}

async function thumbprintOfDid(text: string): Promise<string | undefined> {
  const did = parseDid(text)
  if (!did.ok) throw invalid('the agent’s DID is not well formed', 'write it like did:ath:…')
  if (did.value.method === 'ath_key') return did.value.thumbprint
  if (did.value.method !== 'key') return undefined
  const key = await keyOfDidKey(did.value.multikey)
  if (!key.ok) throw invalid('the agent’s DID is not well formed', 'write it like did:key:z…')
  return key.value.thumbprint
}

async function thumbprintOfText(text: string): Promise<string> {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text
  const key = await importKeyText(text)
  return key.ok ? key.value.thumbprint : (await readHandshakeKey(text)).publicKey.thumbprint
}

const invalid = (message: string, fix: string) => new AthError('ARGUMENT_INVALID', { message, fix })
