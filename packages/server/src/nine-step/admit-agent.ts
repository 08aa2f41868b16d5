import {
  type AgentId,
  type Failure,
  fail,
  importJwk,
  keysOfDidDocument,
  ok,
  parseDid,
  prefix,
  type ProofCredential,
  type Result,
} from '@ath-protocol/types'
import { checkApproved } from '../endpoint/approved.ts'
import { ownAudiences } from '../endpoint/audience.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { endGrant } from '../grant/end-grant.ts'
import { endSession } from '../grant/end-session.ts'
import type { NineStepHandshake, NineStepPorts } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'
import { decideApproval } from '../register/approval.ts'
import { hashSecret } from '../secret/hash.ts'
import { refused } from './message.ts'

export const handshakePath = '/ath/handshake'

/**
 * The registered and approved agent behind a DID whose key is proven (U4, U5). A key is not an approval: an operator or
 * a rule has named the DID, or an attestation of a registered agent vouches for this key.
 */
export async function admitAgent(
  ports: AthPorts,
  nineStep: NineStepPorts,
  handshake: NineStepHandshake,
  credentials: readonly ProofCredential[],
): Promise<Result<Registration, Failure>> {
  const { clientDid, thumbprint } = handshake
  const named = await checkDid(ports, nineStep, handshake)
  if (!named.ok) return named
  const attestation = credentials.find(({ type }) => type === 'ath_attestation')
  const found = attestation
    ? await attestedAgent(ports, thumbprint, attestation.jwt ?? '')
    : await didAgent(ports, handshake)
  if (!found.ok) return found
  if (!found.value) return fail({ reason: 'agent_did_unknown', did: clientDid, thumbprint })
  const approved = checkApproved(found.value, ports.clock.now())
  return approved.ok ? ok(found.value) : approved
}

/** Whether the DID names this key. A label proves nothing: somebody here must have pinned it. */
async function checkDid(
  ports: AthPorts,
  nineStep: NineStepPorts,
  { clientDid, thumbprint }: NineStepHandshake,
): Promise<Result<void, Failure>> {
  const did = parseDid(clientDid)
  if (!did.ok) return refused('did_malformed')
  if (did.value.method === 'ath_label') {
    const pinned =
      pinOf(ports, clientDid)?.thumbprint ??
      (await ports.registry.findByAgentId(clientDid))?.keyThumbprint
    if (pinned === undefined) return refused('did_label_not_pinned')
    return pinned === thumbprint ? ok(undefined) : refused('key_not_of_did')
  }
  if (did.value.method !== 'web') return ok(undefined)
  const document = await nineStep.dids.fetch(did.value.document)
  if (!document.ok) return fail({ reason: 'handshake_message', fault: document.error })
  for (const jwk of keysOfDidDocument(clientDid, document.value)) {
    const key = await importJwk(jwk)
    if (key.ok && key.value.thumbprint === thumbprint) return ok(undefined)
  }
  return refused('key_not_of_did')
}

async function attestedAgent(
  ports: AthPorts,
  thumbprint: string,
  jwt: string,
): Promise<Result<Registration | undefined, Failure>> {
  const verified = await ports.attestations.verify(jwt, {
    audiences: ownAudiences(ports.config, handshakePath),
  })
  if (!verified.ok) return verified
  const { sub, cnf } = verified.value.claims as { sub: string; cnf?: { jkt?: unknown } }
  if (cnf?.jkt !== thumbprint) return refused('attestation_key_differs', { member: 'credentials' })
  const agent = await ports.registry.findByAgentId(sub)
  return agent ? ok(agent) : fail({ reason: 'client_unknown' })
}

/** The agent registered under the DID itself, by an operator or, the first time it comes, by a rule of the configuration. */
async function didAgent(
  ports: AthPorts,
  { clientDid, thumbprint }: NineStepHandshake,
): Promise<Result<Registration | undefined, Failure>> {
  const known = await withPinnedKey(ports, await ports.registry.findByAgentId(clientDid))
  const { keyThumbprint } = known ?? {}
  if (keyThumbprint !== undefined && keyThumbprint !== thumbprint) return refused('key_not_of_did')
  const lapsed =
    known?.status === 'approved' &&
    known.approvalExpiresAt <= ports.clock.now() &&
    !known.decidedBy.startsWith('operator:')
  if (known && !lapsed) return ok(known)
  const decided = decideByRule(ports, clientDid)
  if (!decided) return ok(known)
  if (!known) {
    if (await ports.registry.insert(decided)) return ok(decided)
    return ok(await ports.registry.findByAgentId(clientDid))
  }
  // What people allowed under the old approval does not come back with a new one that may be narrower.
  await endAllGrants(ports, known)
  const renewed = { ...decided, clientId: known.clientId, registeredAt: known.registeredAt }
  if (!(await ports.registry.replace(known, renewed)))
    return ok(await ports.registry.findByAgentId(clientDid))
  ports.live.agentChanged(known.clientId)
  return ok(renewed)
}

const pinOf = (ports: AthPorts, did: string) =>
  ports.config.nineStep?.pinnedDids.find((pin) => pin.did === did)

/** The configuration's key counts when it was changed since: whatever the old key opened ends. */
async function withPinnedKey(
  ports: AthPorts,
  known: Registration | undefined,
): Promise<Registration | undefined> {
  const pin = known && pinOf(ports, known.agentId)
  if (!known || !pin || known.keyThumbprint === pin.thumbprint) return known
  // In this order, so that what a crash leaves undone is done the next time.
  await endAllGrants(ports, known)
  await ports.registry.update(known.clientId, { keyThumbprint: pin.thumbprint })
  ports.live.agentChanged(known.clientId)
  return { ...known, keyThumbprint: pin.thumbprint }
}

/** At start: a thief of the old key must not wait for the new one to come by. */
export async function endReplacedKeys(ports: AthPorts): Promise<void> {
  for (const { did } of ports.config.nineStep?.pinnedDids ?? [])
    await withPinnedKey(ports, await ports.registry.findByAgentId(did))
}

async function endAllGrants(ports: AthPorts, { clientId }: Registration): Promise<void> {
  const liveAt = ports.clock.now()
  for (const session of (await ports.nineStep?.sessions.list({ clientId, liveAt })) ?? [])
    await endSession(ports, session, 'gateway')
  for (const grant of await ports.grants.list({ clientId, liveAt })) await endGrant(ports, grant)
}

/** Only an approval makes a registration: strangers leave nothing behind. */
function decideByRule(ports: AthPorts, did: AgentId): Registration | undefined {
  const { config } = ports
  const pin = pinOf(ports, did)
  const everything = [...config.providers.values()].map(({ id, scopes }) => ({
    providerId: id,
    scopes: scopes.map(({ name }) => name),
  }))
  const decision = decideApproval(
    config.approvalRules,
    { agentId: did, developerId: pin?.developer.id ?? '', requested: everything },
    {
      unmatched: 'deny',
      lifetimeSeconds: config.approvalLifetimeSeconds,
      known: new Map(everything.map(({ providerId, scopes }) => [providerId, new Set(scopes)])),
    },
  )
  if (decision.status !== 'approved') return undefined
  const now = ports.clock.now()
  return {
    clientId: `${prefix.client}${ports.random.token(16)}`,
    agentId: did,
    name: pin?.name ?? did,
    developer: pin?.developer ?? { name: did, id: did },
    status: 'approved',
    requested: everything,
    approvals: decision.approvals,
    ...(decision.restrictions === undefined ? {} : { restrictions: decision.restrictions }),
    ...(pin === undefined ? {} : { keyThumbprint: pin.thumbprint }),
    approvalExpiresAt: now + decision.lifetimeSeconds,
    // An agent that came by DID has no client secret: nobody knows this one.
    secretHash: hashSecret(ports.random.token(32)),
    registeredAt: now,
    decidedAt: now,
    decidedBy: decision.decidedBy,
  }
}
