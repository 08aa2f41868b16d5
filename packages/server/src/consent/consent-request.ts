import { type ConsentId, prefix, type ProviderScope } from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentRequest, Risk } from '../ports/consents.ts'
import { hashSecret } from '../secret/hash.ts'

const order: readonly Risk[] = ['low', 'medium', 'high']

/** Whether one risk is at least another. */
export const isAtLeast = (risk: Risk, least: Risk): boolean =>
  order.indexOf(risk) >= order.indexOf(least)

/** The highest risk among scopes; a scope that says nothing is of medium risk. */
export function riskOf(
  config: Pick<AthConfig, 'providers'>,
  scopes: readonly ProviderScope[],
): Risk {
  return scopes.reduce<Risk>((highest, { providerId, name }) => {
    const scope = config.providers.get(providerId)?.scopes.find((known) => known.name === name)
    const risk = scope?.risk ?? usualRisk
    return isAtLeast(highest, risk) ? highest : risk
  }, 'low')
}

/** Of a scope whose configuration says nothing. */
export const usualRisk: Risk = 'medium'

export const newConsentId = (ports: Pick<AthPorts, 'random'>): ConsentId =>
  `${prefix.consent}${ports.random.token(32)}`

/** How agents and records speak of a question: enough to tell it from others, too little to open its page. */
export function requestReference(id: ConsentRequest['id']): string {
  return `req_${Buffer.from(hashSecret(id), 'base64url').subarray(0, 12).toString('base64url')}`
}
