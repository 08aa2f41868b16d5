import {
  athVersion,
  checkAgentId,
  type IdentityDocument,
  identityDocumentSchema,
  readWire,
} from '@ath-protocol/types'
import { AthError } from './ath-error.ts'
import type { PublicJwk } from './key.ts'

/** The document to serve at `agentId`, public key only (R17–R19). Serve it with `Cache-Control: max-age=300` (R20). */
export function createIdentityDocument(agent: {
  readonly agentId: string
  readonly name: string
  readonly developer: IdentityDocument['developer']
  readonly publicJwk: PublicJwk
  readonly capabilities?: readonly string[]
}): IdentityDocument {
  requireAgentId(agent.agentId)
  const read = readWire(identityDocumentSchema, {
    ath_version: athVersion,
    agent_id: agent.agentId,
    name: agent.name,
    developer: agent.developer,
    public_key: { ...agent.publicJwk },
    ...(agent.capabilities ? { capabilities: agent.capabilities } : {}),
  })
  if (read.ok) return read.value
  throw new AthError('ARGUMENT_INVALID', {
    message: 'the identity document would not be valid',
    details: { errors: read.error },
  })
}

/** Throws unless it is an agent_id that gateways take; http is for this machine only. */
export function requireAgentId(agentId: string): string {
  const checked = checkAgentId(agentId, { allowLoopbackHttp: true })
  if (checked.ok) return agentId
  throw new AthError('ARGUMENT_INVALID', {
    message: `the agent id must be an https URL ending in /.well-known/agent.json: ${checked.error.evidence}`,
    fix: 'write it like https://agent.example/.well-known/agent.json; on this machine http://127.0.0.1:<port>/.well-known/agent.json will do',
  })
}
