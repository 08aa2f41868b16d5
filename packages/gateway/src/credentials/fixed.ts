import { ok } from '@ath-protocol/types'
import type { ProviderAuth } from '../config/config.ts'
import type { Credential } from '@ath-protocol/server/parts'

type Kind<Name extends ProviderAuth['kind']> = Extract<ProviderAuth, { kind: Name }>

/** A system that asks for nothing. The agent's own headers still do not get there. */
export function noCredential(): Credential {
  return fixed('authorization', undefined)
}

/** One key for all calls, in the header the upstream wants it in. */
export function apiKeyCredential({ header, prefix, key }: Kind<'api_key'>): Credential {
  return fixed(header, `${prefix}${key}`)
}

/** RFC 7617, UTF-8. */
export function basicCredential({ username, password }: Kind<'basic'>): Credential {
  const pair = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
  return fixed('authorization', `Basic ${pair}`)
}

function fixed(header: string, value: string | undefined): Credential {
  const minted = ok(value === undefined ? [] : [header, value])
  return { reserved: new Set([reservedName(header)]), mint: () => minted }
}

/** As `goesUpstream` compares: lower case, and an underscore is a dash. */
export function reservedName(header: string): string {
  return header.toLowerCase().replaceAll('_', '-')
}
