import {
  AthError,
  type AthSession,
  createAthClient,
  openBrowser,
  readGatewayRefusal,
  type ServiceDiscovery,
} from '@ath-protocol/client'
import { pathInApi } from '../api-path.ts'
import type { ExchangeLog } from './exchange-log.ts'
import { createDevPerson } from './dev-person.ts'
import { Skipped, Stopped, type Steps } from './steps.ts'
import { startTestAgent, type TestAgent } from './test-agent.ts'
import { TryFault } from './try-fault.ts'

export interface Trial {
  readonly service: string
  /** Default: every scope on offer. */
  readonly scopes: readonly string[] | undefined
  /** Paths that the person named, to be called with GET. */
  readonly paths: readonly string[]
  /** Scope → path, from the app’s own configuration. */
  readonly pathsByScope: (appId: string) => ReadonlyMap<string, string>
  /** Who answers the question: we, at a development log-in; or a person, in a browser. */
  readonly consent: 'auto' | 'open' | 'print'
  readonly waitSeconds: number | undefined
  readonly timeoutSeconds: number | undefined
  readonly say: (line: string) => void
  readonly sayWaiting: (elapsedSeconds: number) => void
  readonly log: ExchangeLog
  readonly signal: AbortSignal
  readonly now: () => number
}

/** Drives every step of the two-phase handshake against an app as a test agent. */
export async function driveTwoPhase(trial: Trial, steps: Steps): Promise<void> {
  const { service, log, signal } = trial
  const agent = await startTestAgent()
  try {
    const client = createAthClient({
      service,
      agentId: agent.id,
      key: agent.key,
      fetch: log.fetch,
      ...(trial.timeoutSeconds === undefined ? {} : { timeoutSeconds: trial.timeoutSeconds }),
    })
    const found = await steps.must('discover', async () => {
      const value = await client.discover({ signal })
      return { value, learnt: describeService(value) }
    })
    const wanted = trial.scopes ?? found.auth.scopes_supported
    await steps.must('identity', () => showIdentity(agent, log))
    await steps.must('register', async () => {
      const { developer } = agent
      const purpose = 'a test by `athx try`'
      const value = await client.register({ scopes: wanted, developer, purpose, signal })
      if (value.agent_status !== 'approved')
        throw new AthError('AGENT_UNAPPROVED', {
          message: `the test agent is ${value.agent_status}`,
        })
      const [entry] = value.approved_providers
      const denied = entry?.denied_scopes ?? []
      const checked =
        agent.fetched() > 1 ? 'its document was fetched' : 'its document was NOT fetched'
      return {
        value,
        learnt: `approved ${entry?.approved_scopes.join(' ')}${denied.length > 0 ? `, denied ${denied.join(' ')}` : ''}; ${checked}`,
      }
    })
    const asked = await steps.must('authorize', async () => {
      const value = await client.authorize({ scopes: wanted, signal })
      return { value, learnt: `the person answers at ${pageOf(value.authorizationUrl)}` }
    })
    if (trial.consent === 'auto')
      await steps.must('consent', async () => {
        const said = await createDevPerson(log.fetch, signal).agree(asked.authorizationUrl)
        return { value: undefined, learnt: `said yes for a made-up person: ${said}` }
      })
    const session = await steps.must('token', async () => {
      if (trial.consent !== 'auto') {
        trial.say(`open      ${asked.authorizationUrl}`)
        if (trial.consent === 'open') await openBrowser(asked.authorizationUrl)
      }
      const value = await client.waitForConsent(asked, {
        signal,
        pollSeconds: trial.consent === 'auto' ? 0.2 : 1,
        timeoutSeconds: trial.waitSeconds,
        onPending: ({ elapsedSeconds }) => trial.sayWaiting(elapsedSeconds),
      })
      return { value, learnt: threeSets(value, wanted) }
    })
    await useAccess(trial, steps, { session, found, agent })
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  } finally {
    agent.close()
  }
}

const pageOf = (address: string) => new URL(address).origin + new URL(address).pathname

const describeService = ({ name, app_id, auth, ...rest }: ServiceDiscovery) =>
  `${name} (${app_id}) offers ${auth.scopes_supported.join(' ')}${rest['handshake_endpoint'] === undefined ? '' : '; nine-step, too'}`

async function showIdentity(agent: TestAgent, { fetch }: ExchangeLog) {
  await (await fetch(agent.id)).body?.cancel()
  return { value: undefined, learnt: 'the test agent’s document is served here' }
}

/** What the service approved, what the person allowed, and what both make: nobody may have more. */
function threeSets({ grant }: AthSession, wanted: readonly string[]): string {
  const { agent_approved, user_consented, effective } = grant?.scope_intersection ?? {
    agent_approved: [],
    user_consented: [],
    effective: [],
  }
  const both = agent_approved.filter((scope) => user_consented.includes(scope))
  const tooMuch = effective.filter((scope) => !both.includes(scope) || !wanted.includes(scope))
  if (tooMuch.length > 0)
    throw new TryFault(
      `the token opens ${tooMuch.join(' ')}, which service, person and request do not all allow`,
      'do not put this into production: report it',
    )
  const list = (scopes: readonly string[]) => scopes.join(' ') || '(none)'
  return `service ${list(agent_approved)} ∩ person ${list(user_consented)} = ${list(effective)}`
}

interface Access {
  readonly session: AthSession
  readonly found: ServiceDiscovery
  readonly agent: TestAgent
}

/** Calls with the token, as it may and as it must not be used, then its end. */
async function useAccess(trial: Trial, steps: Steps, access: Access): Promise<void> {
  const { session } = access
  const { signal } = trial
  const { api_base, app_id } = access.found
  const known = trial.pathsByScope(app_id)
  const named = trial.paths.map((path) => ['', path] as const)
  const guessed = session.scopes.map((scope) => [scope, known.get(scope)] as const)
  let open: string | undefined
  for (const [scope, path] of [...named, ...guessed]) {
    const passed = await steps.check(`call ${scope}`.trim(), async () => {
      if (path === undefined)
        throw new Skipped(`no GET route of ${scope} is known; name one: --get <path>`)
      return allowedCall(trial, access, path)
    })
    if (passed && path !== undefined) open ??= pathInApi(path, api_base)
  }
  const target = open ?? '/'
  await steps.check('proxy', async () => {
    if (open === undefined) throw new Skipped('no call to repeat by the proxy path')
    const path = open.startsWith('/')
      ? `${new URL(api_base).pathname.replace(/\/$/, '')}${open}`
      : new URL(open).pathname
    return allowedCall(trial, access, `/ath/proxy/${encodeURIComponent(app_id)}${path}`)
  })
  await steps.check('outside', () => refusedOutside(trial, access))
  await steps.check('stolen', () => refusedElsewhere(trial, access, target))
  await steps.check('renew', async () => {
    const before = session.accessToken
    try {
      await session.renew(signal)
    } catch (error) {
      if (error instanceof AthError && error.code === 'RENEWAL_UNSUPPORTED')
        throw new Skipped('the app does not renew tokens')
      throw error
    }
    if (session.accessToken === before) throw new TryFault('the same token came back', 'report it')
    return `a fresh token for ${session.scopes.join(' ')}`
  })
  const revoked = await steps.check('revoke', async () => {
    await session.revoke(signal)
    return 'token and permission ended'
  })
  await steps.check('ended', async () => {
    if (!revoked) throw new Skipped('it could not be revoked')
    return refusedAfterRevocation(trial, access, target)
  })
}

const readRefusal = (response: Response, { now }: Trial) =>
  readGatewayRefusal(response, { clock: { now }, timeoutSeconds: 10 })

async function allowedCall(
  trial: Trial,
  { session, found }: Access,
  path: string,
): Promise<string> {
  const isProxied = path.startsWith('/ath/proxy/')
  const response = await session.fetch(isProxied ? path : pathInApi(path, found.api_base), {
    signal: trial.signal,
    onStepUp: 'refuse',
  })
  const refusal = await readRefusal(response, trial)
  if (refusal?.code === 'STEP_UP_REQUIRED')
    return 'waits for the person to confirm it, as its route says'
  if (refusal) throw refusal
  const { status } = response
  const length = (await response.arrayBuffer()).byteLength
  if (status === 401 || status === 403 || (status >= 300 && status < 400))
    throw new TryFault(
      `ATH let the call through, but the app’s own log-in answered ${status}`,
      'in its middleware, let requests pass that have `req.ath`: ATH has checked them; or put `app.use(ath(athConfig))` before it',
    )
  if (status === 404)
    throw new TryFault(
      'ATH let the call through, but nothing is there',
      'correct the route in ath.config, or name a path that exists: --get <path>',
    )
  if (status >= 400)
    throw new TryFault(
      `the app answered ${status}`,
      'look at the app’s log; the call came from an agent',
    )
  return `${length} bytes`
}

/** A path that no scope lists must stay closed. */
async function refusedOutside(trial: Trial, { session }: Access): Promise<string> {
  const response = await session.fetch(`/athx-try-${crypto.randomUUID()}`, { signal: trial.signal })
  const refusal = await readRefusal(response, trial)
  await response.body?.cancel()
  if (refusal) return `refused, as it must be: ${refusal.code}`
  if (response.status === 404) return 'nothing is there: no scope opens it, and no route answers'
  throw new TryFault(
    `the app answered ${response.status} to a path that no scope lists`,
    'put `app.use(ath(athConfig))` before every route and catch-all',
  )
}

/** The token is bound to its agent: in other hands it must be worth nothing. */
async function refusedElsewhere(trial: Trial, access: Access, path: string): Promise<string> {
  const other = 'https://another-agent.example/.well-known/agent.json'
  const { response, refusal } = await rawCall(trial, access, path, other)
  if (refusal) return `refused, as it must be: ${refusal.code}`
  throw new TryFault(
    `another agent could use the token: ${response.status}`,
    'this route is not behind ATH: put `app.use(ath(athConfig))` before it',
  )
}

async function refusedAfterRevocation(trial: Trial, access: Access, path: string): Promise<string> {
  const { response, refusal } = await rawCall(trial, access, path, access.agent.id)
  if (refusal && response.status === 401) return `refused, as it must be: ${refusal.code}`
  throw new TryFault(
    `a revoked token still got ${response.status}${refusal ? ` ${refusal.code}` : ''}`,
    'this route is not behind ATH: put `app.use(ath(athConfig))` before it',
  )
}

async function rawCall(trial: Trial, { session, found }: Access, path: string, agentId: string) {
  const url = path.startsWith('/') ? `${found.api_base.replace(/\/$/, '')}${path}` : path
  const response = await trial.log.fetch(url, {
    headers: { authorization: `Bearer ${session.accessToken}`, 'x-ath-agent-id': agentId },
    redirect: 'manual',
    signal: trial.signal,
  })
  const refusal = await readRefusal(response, trial)
  await response.body?.cancel()
  return { response, refusal }
}
