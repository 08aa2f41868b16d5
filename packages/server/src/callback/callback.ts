import { type Failure, consentedScopes, fail, ok, type Result } from '@ath-protocol/types'
import { checkApproved } from '../endpoint/approved.ts'
import { isBoundBrowser } from '../authorize/binding.ts'
import { type Found, findParties, refuseToBrowser, wantsPage } from '../authorize/browser.ts'
import { type Ending, endingUrl } from '../authorize/finish.ts'
import { ownScopes, upstreamScopeNames } from '../authorize/upstream-scope.ts'
import { upstreamState } from '../authorize/upstream-url.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { openGrant } from '../grant/open-grant.ts'
import type { AuditEventName } from '../ports/audit.ts'
import type { UserSource } from '../ports/grants.ts'
import type { Handshake } from '../ports/handshakes.ts'
import type { Completed, DeniedUpstream } from '../ports/oauth.ts'
import { hashSecret } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer, redirectAnswer } from '../wire/answer.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'

interface Exchanged {
  readonly upstream: Completed | DeniedUpstream
}
interface Ended {
  readonly ended: Handshake
  readonly ending: Ending
}
type Told = Received & Found & Exchanged & Ended

/** `GET /ath/callback` (R71–R76): the provider sends the browser back. */
export const callbackEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('identify', identify)
    .stage('bind', bind)
    .stage('forward', exchange)
    .stage('mint', conclude),
  answer: (ports, { call, ended, ending }) => redirectAnswer(call, endingUrl(ports, ended, ending)),
  record: recordCallback,
  refuse: refuseToBrowser,
}

/** The same address without `state`: where browsers end that no agent-owned redirect takes further (C8). */
export function callbackNotice(ports: AthPorts, call: AthCall): AthAnswer | undefined {
  if (call.query.has('state')) return undefined
  const done =
    call.query.has('success') || (call.query.has('session_id') && !call.query.has('error'))
  const kind = done
    ? 'done'
    : call.query.get('error') === 'access_denied'
      ? 'denied'
      : 'upstream_failed'
  if (!done && !call.query.has('error')) return undefined
  if (ports.desk && wantsPage(call)) return ports.desk.notice(call, { kind, status: 200 })
  return jsonAnswer(200, {
    message: done ? 'you may go back to the agent' : 'the handshake ended',
    success: done,
  })
}

/** Taking the state ends it: of two callbacks one goes on (R57). */
async function identify(ports: AthPorts, { call }: Received): Promise<Result<Found, Failure>> {
  const state = call.query.getAll('state')
  if (state.length !== 1 || !state[0]) return fail({ reason: 'state_unknown' })
  const handshake = await ports.handshakes.takeByUpstreamState(hashSecret(state[0]))
  return handshake ? findParties(ports, handshake) : fail({ reason: 'state_unknown' })
}

async function bind(
  ports: AthPorts,
  { call, handshake }: Received & Found,
): Promise<Result<object, Failure>> {
  if (!ports.config.browserBinding || isBoundBrowser(call, handshake)) return ok({})
  const failure: Failure = { reason: 'browser_not_bound' }
  await failHandshake(ports, handshake, failure)
  return fail(failure)
}

async function exchange(
  ports: AthPorts,
  { call, handshake, agent, provider }: Received & Found,
): Promise<Result<Exchanged, Failure>> {
  const approved = checkApproved(agent, ports.clock.now())
  const completed = approved.ok
    ? await ports.oauth.complete(provider.id, call.query, {
        state: upstreamState(handshake.codeVerifier),
        nonce: handshake.nonce,
        codeVerifier: handshake.codeVerifier,
        scopes: upstreamScopeNames(provider, handshake.offeredScopes ?? handshake.requestedScopes),
        ...(handshake.resource === undefined ? {} : { resource: handshake.resource }),
      })
    : approved
  if (completed.ok) return ok({ upstream: completed.value })
  await failHandshake(ports, handshake, completed.error)
  return completed
}

async function conclude(
  ports: AthPorts,
  { handshake, agent, provider, upstream }: Found & Exchanged,
): Promise<Result<Ended, Failure>> {
  if ('denied' in upstream) {
    const denied = await ports.handshakes.advance(handshake.id, 'deny', ports.clock.now(), {
      endReason: 'user_denied',
    })
    return denied
      ? ok({ ended: denied, ending: { kind: 'denied' } })
      : fail({ reason: 'handshake_spent' })
  }
  const asked = handshake.offeredScopes ?? handshake.requestedScopes
  const granted = consentedScopes(upstream.answeredScope, upstreamScopeNames(provider, asked))
  const user = await identifyUser(ports, handshake, upstream)
  const opened = await openGrant(ports, handshake, {
    ...user,
    agent,
    scopes: ownScopes(provider, asked, granted),
    lifetimeSeconds: handshake.grantLifetimeSeconds ?? ports.config.grantLifetimeSeconds,
    providerTokens: upstream.tokens,
  })
  if (!opened.ok) return opened
  return ok({
    ended: opened.value.handshake,
    ending: { kind: 'consented', code: opened.value.code },
  })
}

/** Our own log-in knows best who this is, then the upstream, else a name that is good for this connection only (C24). */
async function identifyUser(
  ports: AthPorts,
  handshake: Handshake,
  upstream: Completed,
): Promise<{ readonly userId: string; readonly userSource: UserSource }> {
  if (handshake.userId !== undefined) return { userId: handshake.userId, userSource: 'login' }
  if (upstream.subject)
    return { userId: await ports.users.ensure(upstream.subject), userSource: 'upstream' }
  const userId = await ports.users.ensure({
    issuer: `${ports.config.baseUrl}/ath/pseudonym/${handshake.providerId}`,
    subject: handshake.id,
  })
  return { userId, userSource: 'pseudonym' }
}

function failHandshake(ports: AthPorts, handshake: Handshake, failure: Failure): Promise<unknown> {
  return ports.handshakes.advance(handshake.id, 'fail', ports.clock.now(), {
    endReason: failure.reason,
  })
}

function recordCallback({ reached, gathered, result }: Outcome<Told>) {
  const known = {
    client_id: gathered.agent?.clientId,
    agent_id: gathered.agent?.agentId,
    provider_id: gathered.provider?.id,
    requested_scopes: gathered.handshake?.requestedScopes,
    decided_by: 'user',
  }
  if (!result.ok) return refusalEvent(reached, result.error, 'access_denied', known)
  const { ended, ending } = result.value
  const consented = ending.kind === 'consented'
  const event: AuditEventName = consented ? 'consent_given' : 'consent_denied'
  return {
    ...known,
    event,
    outcome: consented ? ('allowed' as const) : ('denied' as const),
    reached,
    user_id: ended.userId,
    grant_id: ended.grantId,
    effective_scopes: ended.consentedScopes,
    denied_scopes: ended.requestedScopes.filter(
      (scope) => !(ended.consentedScopes ?? []).includes(scope),
    ),
    denial_reason: consented ? undefined : 'user_denied',
  }
}
