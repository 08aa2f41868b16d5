import { hashSecret, type Registration } from '@ath-protocol/server'
import {
  fail,
  importKeyText,
  keyOfDidKey,
  ok,
  parseDid,
  prefix,
  type Result,
} from '@ath-protocol/types'
import { suggest } from '@ath-protocol/server/parts'
import type { AdminFault, AdminPorts, Operator } from './ports.ts'

export interface AddWish {
  readonly did: string
  /** PEM or JWK of the agent's public key. */
  readonly key?: string
  readonly name: string
  readonly developer?: string
  readonly allow: Readonly<Record<string, readonly string[]>>
  readonly lifetimeSeconds?: number
}

/**
 * Registers and approves an agent by its DID (U4, U5): it needs no agent.json and no secret, its key is what it proves. A
 * name proves nothing, so it is bound to a key here.
 */
export async function addAgent(
  ports: AdminPorts,
  wish: AddWish,
  operator: Operator,
): Promise<Result<Registration, AdminFault>> {
  const thumbprint = await keyOf(wish)
  if (!thumbprint.ok) return thumbprint
  const unknown = findUnknown(ports, wish.allow)
  if (unknown) return fail(unknown)
  if (await ports.registry.findByAgentId(wish.did)) return fail(alreadyThere(wish.did))
  const now = ports.clock.now()
  const allowed = Object.entries(wish.allow)
  const { name, developer = 'unknown' } = wish
  const registration: Registration = {
    clientId: `${prefix.client}${ports.random.token(16)}`,
    agentId: wish.did,
    name,
    developer: { name: developer, id: developer },
    status: 'approved',
    requested: allowed.map(([providerId, scopes]) => ({ providerId, scopes })),
    approvals: allowed.map(([provider_id, scopes]) => ({
      provider_id,
      approved_scopes: [...new Set(scopes)],
      denied_scopes: [],
    })),
    ...(thumbprint.value === undefined ? {} : { keyThumbprint: thumbprint.value }),
    approvalExpiresAt: now + (wish.lifetimeSeconds ?? ports.config.approvalLifetimeSeconds),
    // An agent that comes by DID has no client secret: nobody knows this one.
    secretHash: hashSecret(ports.random.token(32)),
    registeredAt: now,
    decidedAt: now,
    decidedBy: `operator:${operator.name}`,
  }
  // Recorded first: what cannot be recorded is not approved.
  ports.audit.record({
    event: 'agent_decided',
    outcome: 'allowed',
    agent_id: registration.agentId,
    client_id: registration.clientId,
    client_did: registration.agentId,
    effective_scopes: allowed.flatMap(([id, scopes]) => scopes.map((scope) => `${id}/${scope}`)),
    decided_by: registration.decidedBy,
  })
  await ports.audit.settled()
  return (await ports.registry.insert(registration))
    ? ok(registration)
    : fail(alreadyThere(wish.did))
}

/** The thumbprint that the DID is bound to; undefined for a `did:web` whose document names its keys. */
async function keyOf({ did, key }: AddWish): Promise<Result<string | undefined, AdminFault>> {
  const parsed = parseDid(did)
  if (!parsed.ok)
    return refuse(
      `\`${did}\` is not a DID that agents come with`,
      'did:ath:…, did:key:z… or did:web:host',
    )
  const given = key === undefined ? undefined : await importKeyText(key)
  if (given?.ok === false)
    return refuse('the key is not a public key', 'give PEM or JWK of a P-256 or Ed25519 public key')
  const thumbprint = given?.value.thumbprint
  switch (parsed.value.method) {
    case 'ath_label':
      return thumbprint === undefined
        ? refuse('a name like this proves nothing without a key', 'add --key <file>')
        : ok(thumbprint)
    case 'ath_key':
      return sameKey(parsed.value.thumbprint, thumbprint)
    case 'key': {
      const own = await keyOfDidKey(parsed.value.multikey)
      return own.ok
        ? sameKey(own.value.thumbprint, thumbprint)
        : refuse(`\`${did}\` holds no key that can be used`, 'P-256 and Ed25519 keys can')
    }
    case 'web':
      return ok(thumbprint)
  }
}

const sameKey = (own: string, given: string | undefined): Result<string, AdminFault> =>
  given === undefined || given === own
    ? ok(own)
    : refuse('this DID is of another key', `the key given is did:ath:${given}`)

function findUnknown(ports: AdminPorts, allow: AddWish['allow']): AdminFault | undefined {
  for (const [providerId, scopes] of Object.entries(allow)) {
    const provider = ports.config.providers.get(providerId)
    if (!provider)
      return {
        status: 400,
        problem: `there is no provider \`${providerId}\` here`,
        fix: suggest(providerId, [...ports.config.providers.keys()]),
      }
    const known = provider.scopes.map(({ name }) => name)
    const wrong = scopes.find((scope) => !known.includes(scope))
    if (wrong !== undefined)
      return {
        status: 400,
        problem: `provider ${providerId} has no scope \`${wrong}\``,
        fix: suggest(wrong, known),
      }
  }
  return undefined
}

const alreadyThere = (did: string): AdminFault => ({
  status: 409,
  problem: `\`${did}\` is registered already`,
  fix: `see: sallyport agents show ${did}`,
})

const refuse = (problem: string, fix: string): Result<never, AdminFault> =>
  fail({ status: 400, problem, fix })
