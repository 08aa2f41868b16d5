import {
  canonicalJson,
  distinctRestrictions,
  effectiveScopes,
  type Failure,
  fail,
  ok,
  prefix,
  type ProviderScope,
  qualifiedScope,
  type Restrictions,
  type Result,
  type ScopeResult,
  type UserId,
} from '@ath-protocol/types'
import { restrictionsOf } from '../grant/restrictions-of.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { endGrant } from '../grant/end-grant.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { Grant } from '../ports/grants.ts'
import type { NineStepChanges, NineStepHandshake, SessionGrant } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'
import { approvedQualified, requestOf, supportedScopes } from './request-of.ts'

/** What somebody allowed: the person who was asked, or the credential alone where the policy lets it. */
export interface Allowed {
  readonly userId: UserId
  readonly scopes: readonly ProviderScope[]
  readonly lifetimeSeconds: number
}

/** Lets a nine-step handshake go on after its question was answered: step 8, or on to the providers' own pages. */
export async function settleNineStep(ports: AthPorts, consent: ConsentRequest): Promise<void> {
  const { decision } = consent
  const handshake = await ports.nineStep?.handshakes.find(consent.handshake.id)
  if (!decision || !handshake) return
  if (decision.approved) await allow(ports, handshake, decision)
  else await deny(ports, handshake)
}

/**
 * Opens one grant for each provider, short-lived until the handshake completes. The grants come first and the handshake
 * last: a crash in between leaves grants without a token, which run out by themselves; never a token without a grant.
 */
export async function allow(
  ports: AthPorts,
  handshake: NineStepHandshake,
  allowed: Allowed,
  known: NineStepChanges = {},
): Promise<Result<NineStepHandshake, Failure>> {
  const { nineStep } = ports
  const { clientId, agentId } = handshake
  const agent = clientId === undefined ? undefined : await ports.registry.findByClientId(clientId)
  if (!nineStep || !agent || clientId === undefined || agentId === undefined)
    return fail({ reason: 'client_unknown' })
  const now = ports.clock.now()
  const approved = approvedQualified(ports.config, agent)
  const still = allowed.scopes.filter((scope) => approved.has(qualifiedScope(scope)))
  const grants: Grant[] = [...new Set(still.map(({ providerId }) => providerId))].map(
    (providerId) => ({
      id: `${prefix.grant}${ports.random.token(16)}`,
      clientId,
      agentId,
      userId: allowed.userId,
      userSource: 'login',
      providerId,
      scopes: still.filter((scope) => scope.providerId === providerId).map(({ name }) => name),
      restrictions: distinctRestrictions(restrictionsOf(ports.config, agent, [providerId])),
      createdAt: now,
      // Until the handshake completes; then `confirm` gives it the time the person allowed.
      expiresAt: handshake.expiresAt,
    }),
  )
  if (grants.length === 0) return deny(ports, handshake, known)
  for (const grant of grants) await ports.grants.insert(grant)
  const advanced = await nineStep.handshakes.advance(handshake.id, 'allow', now, {
    ...known,
    userId: allowed.userId,
    grantLifetimeSeconds: allowed.lifetimeSeconds,
    grants: grants.map(({ id, providerId }) => ({ grantId: id, providerId })),
  })
  if (advanced) return finishGranting(ports, advanced)
  for (const grant of grants) await endGrant(ports, grant)
  return fail({ reason: 'handshake_message', fault: { kind: 'out_of_order' } })
}

/** The grants whose provider still has to ask the person on its own page. */
export async function pendingLegs(
  ports: AthPorts,
  handshake: NineStepHandshake,
): Promise<readonly SessionGrant[]> {
  const open: SessionGrant[] = []
  for (const grant of handshake.grants ?? []) {
    const provider = ports.config.providers.get(grant.providerId)
    if (provider?.authMode !== 'oauth2') continue
    if (!(await ports.providerTokens.find(grant.grantId))) open.push(grant)
  }
  return open
}

/** Makes step 8 once every provider has what it needs. Does nothing while one is missing. */
export async function finishGranting(
  ports: AthPorts,
  handshake: NineStepHandshake,
): Promise<Result<NineStepHandshake, Failure>> {
  if ((await pendingLegs(ports, handshake)).length > 0) return ok(handshake)
  const grants = await liveGrants(ports, handshake)
  if (grants.length === 0) return deny(ports, handshake)
  const message = await scopeResult(ports, handshake, grants)
  const granted = await ports.nineStep?.handshakes.advance(
    handshake.id,
    'grant',
    ports.clock.now(),
    { transcript: { m8: message } },
  )
  return granted
    ? ok(granted)
    : fail({ reason: 'handshake_message', fault: { kind: 'out_of_order' } })
}

/** A provider's own page was answered with no: the others stand, and without any other it is a denial. */
export async function dropGrant(
  ports: AthPorts,
  handshake: NineStepHandshake,
  dropped: SessionGrant,
): Promise<Result<NineStepHandshake, Failure>> {
  const grant = await ports.grants.find(dropped.grantId)
  if (grant) await endGrant(ports, grant)
  const narrowed = await ports.nineStep?.handshakes.advance(
    handshake.id,
    'narrow',
    ports.clock.now(),
    { grants: (handshake.grants ?? []).filter(({ grantId }) => grantId !== dropped.grantId) },
  )
  return narrowed
    ? finishGranting(ports, narrowed)
    : fail({ reason: 'handshake_message', fault: { kind: 'out_of_order' } })
}

/** Step 8 of a denial (U14): a result like any other, with nothing granted. */
export async function deny(
  ports: AthPorts,
  handshake: NineStepHandshake,
  known: NineStepChanges = {},
): Promise<Result<NineStepHandshake, Failure>> {
  const message = await scopeResult(ports, handshake, [])
  const denied = await ports.nineStep?.handshakes.advance(handshake.id, 'deny', ports.clock.now(), {
    ...known,
    transcript: { ...known.transcript, m8: message },
    endReason: 'user_denied',
  })
  return denied
    ? ok(denied)
    : fail({ reason: 'handshake_message', fault: { kind: 'out_of_order' } })
}

async function liveGrants(
  ports: AthPorts,
  handshake: NineStepHandshake,
): Promise<readonly Grant[]> {
  const found = await Promise.all(
    (handshake.grants ?? []).map(({ grantId }) => ports.grants.find(grantId)),
  )
  return found.filter(
    (grant): grant is Grant => grant !== undefined && grant.revokedAt === undefined,
  )
}

/** Step 8 as canonical JSON: what was granted, what was not and why, for how long, within which limits. */
async function scopeResult(
  ports: AthPorts,
  handshake: NineStepHandshake,
  grants: readonly Grant[],
): Promise<string> {
  const { config } = ports
  const request = requestOf(handshake)
  const agent: Registration | undefined =
    handshake.clientId === undefined
      ? undefined
      : await ports.registry.findByClientId(handshake.clientId)
  const { granted, denied } = effectiveScopes({
    requested: request.scopes,
    supported: new Set(supportedScopes(config).keys()),
    approved: agent ? approvedQualified(config, agent) : new Set(),
    credential: await credentialScopes(ports, handshake),
    confirmed: new Set(
      grants.flatMap(({ providerId, scopes }) =>
        scopes.map((name) => qualifiedScope({ providerId, name })),
      ),
    ),
  })
  const result: ScopeResult = {
    type: 'scope_result',
    handshake_id: handshake.id,
    scopes_granted: [...granted],
    scopes_denied: denied.map((one) => ({ ...one })),
    ttl_granted:
      granted.length === 0
        ? 0
        : Math.min(request.ttl, handshake.grantLifetimeSeconds ?? request.ttl),
    restrictions: granted.length === 0 ? {} : shownRestrictions(grants),
    timestamp: Math.floor(ports.clock.now()),
  }
  const canonical = canonicalJson(result)
  if (!canonical.ok) throw new TypeError(`step 8 is not canonical: ${canonical.error}`)
  return canonical.value
}

async function credentialScopes(
  ports: AthPorts,
  { userId, credentialId }: NineStepHandshake,
): Promise<ReadonlySet<string>> {
  if (userId === undefined || credentialId === undefined) return new Set()
  const found = await ports.nineStep?.preAuthorizations.find(userId, credentialId)
  return new Set(found?.scopes ?? [])
}

/** The limits as the examples show them, flat; those of one provider alone stand under its id. */
export function shownRestrictions(
  grants: readonly Pick<Grant, 'providerId' | 'restrictions'>[],
): Readonly<Record<string, unknown>> {
  const key = (one: Restrictions) => JSON.stringify(one)
  const lists = grants.map(({ restrictions }) => restrictions ?? [])
  const shared = (lists[0] ?? []).filter((one) =>
    lists.every((list) => list.some((other) => key(other) === key(one))),
  )
  const own = grants
    .map(({ providerId }, index) => {
      const rest = (lists[index] ?? []).filter((one) => !shared.some((s) => key(s) === key(one)))
      return [providerId, rest] as const
    })
    .filter(([, rest]) => rest.length > 0)
  const [first = {}, ...more] = shared
  return {
    ...first,
    // Where several of the same kind hold, one object cannot say them all.
    ...(more.length > 0 ? { and: more } : {}),
    ...(own.length > 0 ? { by_provider: Object.fromEntries(own) } : {}),
  }
}
