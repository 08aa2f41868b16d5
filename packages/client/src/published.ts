import {
  type IdentityDocument,
  identityDocumentSchema,
  importAgentKey,
  readWire,
} from '@ath-protocol/types'
import { readAnswer } from './answer.ts'
import { AthError } from './ath-error.ts'
import type { DiscoverOptions } from './discover.ts'
import { requireAgentId } from './identity.ts'
import type { PublicJwk } from './key.ts'
import { systemClock, systemFetch } from './system.ts'
import { transmit } from './transmit.ts'

/**
 * Fetches the document at an agent id as a gateway would, and checks that it is this agent's and publishes this key
 * (R18, R19, R29). Throws `ANSWER_REFUSED` where every attestation of the agent would be refused.
 */
export async function checkPublishedKey(
  agentId: string,
  publicJwk: PublicJwk,
  options: DiscoverOptions = {},
): Promise<IdentityDocument> {
  const url = new URL(requireAgentId(agentId))
  const { signal, timeoutSeconds = 30, clock = systemClock } = options
  const transport = { fetch: options.fetch ?? systemFetch, clock }
  const limits = { timeoutSeconds, signal }
  const response = await transmit(transport, url, {}, { ...limits, repeatable: true })
  const read = (value: unknown) => readWire(identityDocumentSchema, value)
  const document = await readAnswer(response, read, { url, clock, ...limits })
  if (document.agent_id !== agentId)
    throw new AthError('ANSWER_REFUSED', {
      message: 'the document at the agent id is another agent’s',
      fix: `its agent_id must be ${agentId}`,
    })
  const key = await importAgentKey(document, publicJwk.kid)
  const published = key.ok ? await crypto.subtle.exportKey('jwk', key.value) : undefined
  if (published?.x === publicJwk.x && published.y === publicJwk.y) return document
  throw new AthError('ANSWER_REFUSED', {
    message: key.ok
      ? 'the document at the agent id publishes another key'
      : `the document at the agent id publishes no usable key (${key.error.kind})`,
    fix: 'publish the document that `athx agent init` writes',
  })
}
