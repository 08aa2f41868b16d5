import { authMethods, grantTypes } from './client.ts'

/** Where everything is, below the issuer. */
export const paths = {
  openid: '/.well-known/openid-configuration',
  jwks: '/jwks',
  authorize: '/authorize',
  decide: '/decide',
  token: '/token',
  userinfo: '/userinfo',
  introspect: '/introspect',
  revoke: '/revoke',
  register: '/register',
} as const

/** OpenID Connect Discovery §3 and RFC 8414 §2. */
export function metadataOf(issuer: string, scopes: readonly string[]): object {
  const secret = authMethods.filter((method) => method !== 'none')
  return {
    issuer,
    authorization_endpoint: issuer + paths.authorize,
    token_endpoint: issuer + paths.token,
    userinfo_endpoint: issuer + paths.userinfo,
    jwks_uri: issuer + paths.jwks,
    introspection_endpoint: issuer + paths.introspect,
    revocation_endpoint: issuer + paths.revoke,
    registration_endpoint: issuer + paths.register,
    scopes_supported: scopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypes,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: authMethods,
    introspection_endpoint_auth_methods_supported: secret,
    revocation_endpoint_auth_methods_supported: authMethods,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    claims_supported: ['sub', 'name', 'preferred_username', 'email', 'email_verified', 'auth_time'],
    prompt_values_supported: ['login', 'consent', 'select_account'],
    authorization_response_iss_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  }
}
