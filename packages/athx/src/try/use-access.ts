import {
  AthError,
  type CallInit,
  readGatewayRefusal,
  type ServiceDiscovery,
} from '@ath-protocol/client'
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
  renew(): Promise<unknown>
  end(): Promise<unknown>
}

/** Calls with the token, as it may and as it must not be used, then its end. */
export async function useAccess(trial: Trial, steps: Steps, access: Access): Promise<void> {
  const { api_base, app_id } = access.found
  const known = trial.pathsByScope(app_id)
  const named = trial.paths.map((path) => ['', path] as const)
  const guessed = access.scopes.map((scope) => [scope, known.get(scope)] as const)
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
    const before = access.accessToken()
    try {
      await access.renew()
    } catch (error) {
      if (error instanceof AthError && error.code === 'RENEWAL_UNSUPPORTED')
        throw new Skipped('the app does not renew tokens')
      throw error
    }
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

const readRefusal = (response: Response, { now }: Trial) =>
  readGatewayRefusal(response, { clock: { now }, timeoutSeconds: 10 })

async function allowedCall(trial: Trial, { fetch, found }: Access, path: string): Promise<string> {
  const isProxied = path.startsWith('/ath/proxy/')
  const response = await fetch(isProxied ? path : pathInApi(path, found.api_base), {
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
async function refusedOutside(trial: Trial, { fetch }: Access): Promise<string> {
  const response = await fetch(`/athx-try-${crypto.randomUUID()}`, { signal: trial.signal })
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
  const { response, refusal } = await rawCall(trial, access, path, access.agentId)
  if (refusal && response.status === 401) return `refused, as it must be: ${refusal.code}`
  throw new TryFault(
    `a revoked token still got ${response.status}${refusal ? ` ${refusal.code}` : ''}`,
    'this route is not behind ATH: put `app.use(ath(athConfig))` before it',
  )
}

async function rawCall(
  trial: Trial,
  { accessToken, found }: Access,
  path: string,
  agentId: string,
) {
  const url = path.startsWith('/') ? `${found.api_base.replace(/\/$/, '')}${path}` : path
  const response = await trial.log.fetch(url, {
    headers: { authorization: `Bearer ${accessToken()}`, 'x-ath-agent-id': agentId },
    redirect: 'manual',
    signal: trial.signal,
  })
  const refusal = await readRefusal(response, trial)
  await response.body?.cancel()
  return { response, refusal }
}
