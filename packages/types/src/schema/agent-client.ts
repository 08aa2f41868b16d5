import { z } from 'zod'
import { checkAgentId } from '../attestation/agent-id.ts'
import type { FieldError } from '../errors/failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { readWire } from './read.ts'
import { scopesSchema } from './text.ts'

const attestationSchema = z.string().min(1).max(8192)

/**
 * What an agent says of itself when it registers as a client of an OAuth server (RFC 7591, adoption level 2). The first
 * three belong together. One of the two attestations may prove the first; what they say is not checked here.
 */
export const agentClientMetadataSchema = z.looseObject({
  ath_agent_id: z.string().max(2048),
  /** The kind of agent in one word of its developer, e.g. `assistant`. */
  ath_agent_type: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'one word of letters, digits, dot, dash, underscore',
    ),
  /** The scopes it will ask people for. */
  ath_capabilities_requested: scopesSchema,
  ath_agent_attestation: attestationSchema.optional(),
  software_statement: attestationSchema.optional(),
})
export type AgentClientMetadata = z.infer<typeof agentClientMetadataSchema>

/** The members that make a client an agent; `software_statement` is everybody's. */
export const agentClientMembers = [
  'ath_agent_id',
  'ath_agent_type',
  'ath_capabilities_requested',
  'ath_agent_attestation',
] as const

/**
 * Reads the agent's members of client metadata; undefined for a client that has none of them, which is an ordinary one.
 * A client with some of them has to have them right. `allowLoopbackHttp` (development only) as in `checkAgentId`.
 */
export function readAgentClientMetadata(
  metadata: unknown,
  options: { readonly allowLoopbackHttp: boolean },
): Result<AgentClientMetadata | undefined, readonly FieldError[]> {
  if (isObject(metadata) && agentClientMembers.every((name) => metadata[name] === undefined))
    return ok(undefined)
  const read = readWire(agentClientMetadataSchema, metadata)
  if (!read.ok) return read
  const agentId = checkAgentId(read.value.ath_agent_id, options)
  if (agentId.ok) return read
  const problem = `not an agent_id: ${agentId.error.evidence ?? agentId.error.kind}`
  return fail([{ path: 'ath_agent_id', problem }])
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
