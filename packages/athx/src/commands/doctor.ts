import {
  AthError,
  checkPublishedKey,
  type Discovery,
  discoverGateway,
  discoverService,
  offeredScopes,
  requireVersion,
  type ServiceDiscovery,
} from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { columns } from '../output/shown.ts'
import { isRenewable, timeLeft } from '../output/time-left.ts'
import { findPlace, placeName } from '../place.ts'
import type { RunContext } from '../run-context.ts'
import { keyPath, openAgent, requireAgentIdSetting, requireKey } from '../settings.ts'
import { isOpenToOthers } from '../state/private-file.ts'
import { UsageError } from '../usage-error.ts'

interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly found: string
  readonly fix?: string
}

export const doctor: CommandSpec = {
  usage: 'doctor',
  summary: 'Check everything an agent needs, one line each, with the fix.',
  examples: [
    'athx doctor',
    'athx doctor --mode native --service http://localhost:3000',
    'athx doctor --json',
  ],
  next: 'athx connect <provider> --scope <scope>',
  run: async (context) => {
    const findings: Finding[] = []
    for (const check of [checkNode, checkFiles, checkKey, checkPublished, checkPlace, checkAgent])
      findings.push(...(await check(context)))
    await context.out.result(
      findings,
      findings
        .map(({ check, state, found, fix }) =>
          columns([[state.padEnd(4), check.padEnd(11), found]]).concat(
            fix ? `\n      fix  ${fix}` : '',
          ),
        )
        .join('\n'),
    )
    return findings.some(({ state }) => state === 'fail') ? 1 : 0
  },
}

const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found })
const warn = (check: string, found: string, fix: string): Finding => ({
  check,
  state: 'warn',
  found,
  fix,
})
const fail = (check: string, error: unknown): Finding => ({
  check,
  state: 'fail',
  found: error instanceof Error ? error.message : String(error),
  fix: error instanceof AthError || error instanceof UsageError ? error.fix : 'see the message',
})

async function checkNode({ io }: RunContext): Promise<readonly Finding[]> {
  const [major = 0, minor = 0] = io.nodeVersion.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return [ok('node', io.nodeVersion)]
  return [
    fail('node', new UsageError(`${io.nodeVersion} is too old`, 'install Node 20.19 or newer')),
  ]
}

async function checkFiles({ home }: RunContext): Promise<readonly Finding[]> {
  const open = await isOpenToOthers(home)
  if (open === undefined) return [ok('files', `${home} (nothing kept yet)`)]
  return open
    ? [fail('files', new UsageError(`others can look into ${home}`, `chmod -R go= '${home}'`))]
    : [ok('files', home)]
}

async function checkKey(context: RunContext): Promise<readonly Finding[]> {
  try {
    const { keyId } = await requireKey(context)
    if (context.io.env['ATH_PRIVATE_KEY'] && !context.flags.text('key'))
      return [ok('key', `${keyId} from ATH_PRIVATE_KEY`)]
    const path = keyPath(context)
    if (await isOpenToOthers(path))
      return [fail('key', new UsageError(`others can read ${path}`, `chmod 600 '${path}'`))]
    return [ok('key', `${keyId}  ${path}`)]
  } catch (error) {
    return [fail('key', error)]
  }
}

async function checkPublished(context: RunContext): Promise<readonly Finding[]> {
  const key = await requireKey(context).catch(() => undefined)
  try {
    const agentId = requireAgentIdSetting(context)
    if (!key) return []
    const document = await checkPublishedKey(agentId, key.publicJwk, limits(context))
    return [ok('agent.json', `${document.name}  ${agentId}`)]
  } catch (error) {
    return [fail('agent.json', error)]
  }
}

async function checkPlace(context: RunContext): Promise<readonly Finding[]> {
  let date: string | null = null
  let name = 'gateway'
  const watching: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    date = response.headers.get('date')
    return response
  }
  try {
    const { native, base } = findPlace(context)
    name = placeName({ native })
    const options = { ...limits(context), fetch: watching }
    const discovery = await (native ? discoverService : discoverGateway)(base, options)
    return [ok(name, describePlace(discovery)), checkVersion(discovery), checkClock(date, context)]
  } catch (error) {
    return [fail(name, error)]
  }
}

const describePlace = (found: Discovery | ServiceDiscovery) =>
  'gateway_id' in found
    ? `${found.gateway_id}  ${Object.keys(offeredScopes(found)).join(' ')}`
    : `${found.name}  ${Object.entries(offeredScopes(found)).flat(2).join(' ')}`

function checkVersion(discovery: Discovery | ServiceDiscovery): Finding {
  try {
    requireVersion(discovery)
    return ok('version', `ATH ${discovery.ath_version}`)
  } catch (error) {
    return fail('version', error)
  }
}

/** Gateways refuse attestations that are 300 s off (R32); `Date` counts whole seconds. */
function checkClock(date: string | null, { io }: RunContext): Finding {
  const there = Date.parse(date ?? '') / 1000
  if (Number.isNaN(there))
    return warn('clock', 'the server tells no time', 'check this machine’s clock')
  const skew = io.now() - there
  const text = `${Math.abs(Math.round(skew))} s ${skew < 0 ? 'behind' : 'ahead of'} the server`
  if (Math.abs(skew) < 30) return ok('clock', text)
  const fix = 'set this machine’s clock (NTP)'
  return Math.abs(skew) < 240 ? warn('clock', text, fix) : fail('clock', new UsageError(text, fix))
}

async function checkAgent(context: RunContext): Promise<readonly Finding[]> {
  try {
    const { client, profile } = await openAgent(context)
    const open = await isOpenToOthers(profile.directory)
    if (open)
      return [
        fail(
          'credentials',
          new UsageError(
            `others can look into ${profile.directory}`,
            `chmod -R go= '${profile.directory}'`,
          ),
        ),
      ]
    if (!client.credentials)
      return [warn('credentials', 'not registered here', 'athx connect <provider> --scope <scope>')]
    const record = await client.status(limits(context))
    const now = context.io.now()
    const live = (await profile.sessions()).filter(
      (one) => one.expiresAt > now || isRenewable(one, now),
    )
    const registered =
      record.agent_status === 'approved'
        ? ok('credentials', `${record.client_id}  approved until ${record.approval_expires}`)
        : fail('credentials', new AthError('AGENT_UNAPPROVED'))
    return [
      registered,
      ...live.map((one) => ok('token', `${one.providerId}  ${timeLeft(one, now)}`)),
    ]
  } catch (error) {
    // The key and the settings have lines of their own.
    if (error instanceof UsageError) return []
    return [fail('credentials', error)]
  }
}

const limits = ({ io }: RunContext) => ({ timeoutSeconds: 10, signal: io.interrupted })
