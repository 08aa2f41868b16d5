import type { AuditSink, OAuthBridge, ProviderTokenStore } from '@ath-protocol/server'
import type { Clock, GrantId, Random, UserId } from '@ath-protocol/types'
import type { Provider } from '../config/config.ts'
import {
  type Credential,
  oauth2Credential,
  type Person,
  type Signer,
  type Upstream,
} from '@ath-protocol/server/parts'
import { cookieCredential } from './cookie.ts'
import { apiKeyCredential, basicCredential, noCredential } from './fixed.ts'
import { identityHeaderCredential } from './identity-header.ts'

export interface CredentialDeps {
  readonly providerTokens: Pick<ProviderTokenStore, 'find' | 'save'>
  readonly oauth: Pick<OAuthBridge, 'refresh'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly random: Random
  readonly signer: Signer
  /** The gateway's public base URL. */
  readonly issuer: string
  readonly findUser: (id: UserId) => Promise<Person | undefined>
  readonly endGrant: (grantId: GrantId) => Promise<void>
}

/** The credential of one provider, by its kind. */
export function createCredential(
  provider: Provider,
  deps: CredentialDeps & { readonly upstream: Upstream; readonly basePath: string },
): Credential {
  const { auth } = provider
  switch (auth.kind) {
    case 'oauth2':
    case 'mock_oauth2':
      return oauth2Credential(provider.id, deps)
    case 'api_key':
      return apiKeyCredential(auth)
    case 'basic':
      return basicCredential(auth)
    case 'cookie':
      return cookieCredential(auth, { ...deps, origin: provider.url })
    case 'identity_header':
      return identityHeaderCredential(auth, deps)
    case 'none':
      return noCredential()
  }
}
