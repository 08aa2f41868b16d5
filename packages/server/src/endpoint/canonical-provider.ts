import type { ProviderId } from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'

/** The provider that a name stands for: itself, or the one whose alias it is (C27). */
export function canonicalProvider(
  { providers, providerAliases }: Pick<AthConfig, 'providers' | 'providerAliases'>,
  name: string,
): ProviderId {
  return providers.has(name) ? name : (providerAliases?.get(name) ?? name)
}
