import { type CallInit, readGatewayRefusal, type ServiceDiscovery } from '@ath-protocol/client'
import { pathInApi } from '../api-path.ts'
import { Skipped, type Steps } from './steps.ts'
import type { Trial } from './trial.ts'
import { TryFault } from './try-fault.ts'

/** What either handshake gave. */
export interface Access {
  /** As the session gives it: paths below `api_base`, and the proxy path. */
  readonly fetch: (path: string, init: CallInit) => Promise<Response>
  readonly accessToken: () => string
  /** By the app’s own names. */
  readonly scopes: readonly string[]
  readonly agentId: string
  readonly found: ServiceDiscovery
  /** Whether the app says that it renews tokens. */
  readonly renews: boolean
  renew(): Promise<unknown>
  end(): Promise<unknown>
}

/** Calls with the token, as it may and as it must not be used, then its end. */
export async function useAccess(trial: Trial, steps: Steps, access: Access): Promise<void> {
  const known = trial.knownRoutes(access.found.app_id)
  const named = trial.paths.map((path) => ['', path] as const)
  const guessed = access.scopes.map((scope) => [scope, known?.paths.get(scope)] as const)
  let open: Reached | undefined
  for (const [scope, path] of [...named, ...guessed])
    await steps.check(`call ${scope}`.trim(), async () => {
      if (path === undefined && known?.writing.has(scope))
        throw new Skipped('not called: it would change things')
      if (path === undefined)
        throw new Skipped(`no GET route of ${scope} is known; name one: --get <path>`)
      const reached = await reach(trial, access, path)
      open ??= reached
      return reached.learnt
    })
  const target = open?.url ?? access.found.api_base
  await steps.check('proxy', async () => {
    if (open === undefined) throw new Skipped('no call to repeat by the proxy path')
    return allowedCall(trial, access, proxiedUrl(trial, access, open.url))
  })
  await steps.check('outside', () => refusedOutside(trial, access))
  await steps.check('stolen', () => refusedElsewhere(trial, access, target))
  await steps.check('renew', async () => {
    if (!access.renews) throw new Skipped('the app does not offer to renew tokens')
    const before = access.accessToken()
    await access.renew()
    if (access.accessToken() === before) throw new TryFault('the same token came back', 'report it')
    return 'a fresh token within the same permission'
  })
  const revoked = await steps.check('revoke', async () => {
    await access.end()
    return 'token and permission ended'
  })
  await steps.check('ended', async () => {
    if (!revoked) throw new Skipped('it could not be revoked')
    return refusedAfterRevocation(trial, access, target)
  })
}

interface Reached {
  readonly url: string
  readonly learnt: string
}

/** At the app's own route; else by its proxy path, which is how apps are reached that take no agents' tokens themselves. */
async function reach(trial: Trial, access: Access, path: string): Promise<Reached> {
  const { api_base } = access.found
  const inApi = pathInApi(path, api_base)
  const url = inApi.startsWith('/') ? `${api_base.replace(/\/$/, '')}${inApi}` : inApi
  try {
    return { url, learnt: await allowedCall(trial, access, url) }
  } catch (error) {
    if (!(error instanceof OwnLogIn)) throw error
    const proxied = proxiedUrl(trial, access, url)
    const learnt = await allowedCall(trial, access, proxied).catch(() => {
      throw error
    })
    return {
      url: proxied,
      learnt: `${learnt}, by its proxy path: the app’s own routes take no agents’ tokens`,
    }
  }
}

const proxyPath = '/ath/proxy/'

function proxiedUrl({ service }: Trial, { found }: Access, url: string): string {
  const { pathname } = new URL(url)
  return pathname.startsWith(proxyPath)
    ? url
    : `${service}${proxyPath}${encodeURIComponent(found.app_id)}${pathname}`
}

/** The app's own log-in stands in the way of what ATH let in. */
class OwnLogIn extends TryFault {}

const readRefusal = (response: Response, { now }: Trial) =>
  readGatewayRefusal(response, { clock: { now }, timeoutSeconds: 10 })

async function allowedCall(trial: Trial, { fetch }: Access, url: string): Promise<string> {
  const response = await fetch(url, { signal: trial.signal, onStepUp: 'refuse' })
  const refusal = await readRefusal(response, trial)
  if (refusal?.code === 'STEP_UP_REQUIRED')
    return 'waits for the person to confirm it, as its route says'
  if (refusal) throw refusal
  const { status } = response
  const length = (await response.arrayBuffer()).byteLength
  if (status === 401 || status === 403 || (status >= 300 && status < 400))
    throw new OwnLogIn(
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
async function refusedOutside(trial: Trial, { fetch }: Access): Promise<string> {
  const response = await fetch(`/athx-try-${crypto.randomUUID()}`, { signal: trial.signal })
  const refusal = await readRefusal(response, trial)
  await response.body?.cancel()
  if (refusal) return `refused, as it must be: ${refusal.code}`
  if (response.status >= 400) return `not answered: ${response.status} by the app itself`
  throw new TryFault(
    `the app answered ${response.status} to a path that no scope lists`,
    'put `app.use(ath(athConfig))` before every route and catch-all',
  )
}

/** The token is bound to its agent: in other hands it must be worth nothing. */
async function refusedElsewhere(trial: Trial, access: Access, url: string): Promise<string> {
  const other = 'https://another-agent.example/.well-known/agent.json'
  const { response, refusal } = await rawCall(trial, access, url, other)
  if (refusal) return `refused, as it must be: ${refusal.code}`
  throw new TryFault(
    `another agent could use the token: ${response.status}`,
    'this route is not behind ATH: put `app.use(ath(athConfig))` before it',
  )
}

async function refusedAfterRevocation(trial: Trial, access: Access, url: string): Promise<string> {
  const { response, refusal } = await rawCall(trial, access, url, access.agentId)
  if (refusal && response.status === 401) return `refused, as it must be: ${refusal.code}`
  throw new TryFault(
    `a revoked token still got ${response.status}${refusal ? ` ${refusal.code}` : ''}`,
    'this route is not behind ATH: put `app.use(ath(athConfig))` before it',
  )
}

async function rawCall(trial: Trial, { accessToken }: Access, url: string, agentId: string) {
  const response = await trial.log.fetch(url, {
    headers: { authorization: `Bearer ${accessToken()}`, 'x-ath-agent-id': agentId },
    redirect: 'manual',
    signal: trial.signal,
  })
  const refusal = await readRefusal(response, trial)
  await response.body?.cancel()
  return { response, refusal }
}
