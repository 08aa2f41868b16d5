import type { AthConfig } from '../config.ts'

/** The audiences an attestation may name at an endpoint other than the token's (C4): the base URL or the endpoint's own. */
export function endpointAudiences(config: AthConfig, path: string): readonly string[] {
  return [config.baseUrl, ...config.aliases].flatMap((base) => [base, `${base}/`, `${base}${path}`])
}

/** Where nothing but the endpoint's own URL counts: an attestation made for something else gives no credentials (R38). */
export function ownAudiences(config: AthConfig, path: string): readonly string[] {
  return [config.baseUrl, ...config.aliases].map((base) => `${base}${path}`)
}

/** At the token endpoint its URL alone counts (R37, C5), unless the operator allows what older clients send. */
export function tokenAudiences(config: AthConfig): readonly string[] {
  const strict = ownAudiences(config, '/ath/token')
  return config.legacyTokenAudience
    ? [...strict, ...endpointAudiences(config, '/ath/token')]
    : strict
}
