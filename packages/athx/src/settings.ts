import {
  type AthClient,
  type AthClientOptions,
  type Credentials,
  createAthClient,
  type Discovery,
  type ReadKey,
  readAgentKey,
  type ServiceDiscovery,
} from '@ath-protocol/client'
import { readDuration } from './flags.ts'
import { athPlace, findPlace, isOnThisMachine, placeName } from './place.ts'
import type { RunContext } from './run-context.ts'
import { findSettingValue, findSource, type Sources } from './setting-source.ts'
import { type ConfigFile, readConfig, type SettingName, writeConfig } from './state/config-file.ts'
import { defaultKeyPath } from './state/home.ts'
import { readIfThere } from './state/private-file.ts'
import { openProfile, type Profile } from './state/profile.ts'
import { UsageError } from './usage-error.ts'

/**
 * Keeps what the command line named where nothing was set, so that the next command needs no flags. What was set is
 * never changed.
 */
export async function keepDefaults(
  context: RunContext,
  named: Partial<Readonly<Record<SettingName, string>>>,
): Promise<void> {
  const { home, out } = context
  const config = await readConfig(home)
  const fresh = Object.fromEntries(
    Object.entries(named).filter(
      ([name]) =>
        findSource(context, name as SettingName)?.source === 'flag' &&
        isFree(config, name as SettingName),
    ),
  )
  if (Object.keys(fresh).length === 0) return
  await writeConfig(home, { ...config, settings: { ...config.settings, ...fresh } })
  for (const [name, value] of Object.entries(fresh))
    out.say(`default   ${name} is ${value} from now on (athx config unset ${name})`)
}

/** A second place beside the one that is set would make every later command ask which. */
function isFree({ settings }: ConfigFile, name: SettingName): boolean {
  const isPlace = name === 'gateway' || name === 'service'
  const taken = isPlace ? [settings.gateway, settings.service, settings.mode] : [settings[name]]
  return taken.every((value) => value === undefined)
}

export function requireAgentIdSetting(context: Sources): string {
  const value = findSettingValue(context, 'agent-id')
  if (value) return value
  throw new UsageError(
    'no agent id was given',
    isPlaceOnThisMachine(context)
      ? 'in another terminal: athx agent init --serve   (it serves the document on this machine; or add --agent-id <url>)'
      : 'add --agent-id <url>, set ATH_AGENT_ID, or: athx agent init --id <url>',
  )
}

/** A place elsewhere could not fetch a document that this machine serves. */
function isPlaceOnThisMachine(context: Sources): boolean {
  const isNamed = (['service', 'gateway'] as const).some((name) => findSource(context, name))
  return isNamed && isOnThisMachine(findPlace(context).base)
}

export function keyPath(context: Pick<RunContext, 'flags' | 'io' | 'config' | 'home'>): string {
  return findSettingValue(context, 'key-path') ?? defaultKeyPath(context.home)
}

/** The agent's key. A missing one is an error: a new one would be another agent's. */
export async function requireKey(context: RunContext): Promise<ReadKey> {
  return readAgentKey(await readKeyText(context), findSettingValue(context, 'key-id'))
}

export async function readKeyText(context: RunContext): Promise<string> {
  const fromEnvironment = context.io.env['ATH_PRIVATE_KEY']
  if (fromEnvironment && !context.flags.text('key')) return fromEnvironment
  const path = keyPath(context)
  if (path.includes('-----BEGIN'))
    throw new UsageError('--key takes the path of a file, not a key', 'or set ATH_PRIVATE_KEY')
  const text = await readIfThere(path)
  if (text !== undefined) return text
  throw new UsageError(
    `there is no key at ${path}`,
    'make one: athx key new   (or point --key or ATH_PRIVATE_KEY at yours)',
  )
}

/** The agent of this run at its place, with what was kept of earlier runs. */
export interface AgentRun {
  readonly options: AthClientOptions
  readonly client: AthClient<Discovery | ServiceDiscovery>
  readonly profile: Profile
}

/** What `keepDefaults` keeps of an agent. */
export const defaultsOf = ({ client }: AgentRun) => ({
  [placeName(client)]: client.gateway,
  'agent-id': client.agentId,
})

export async function openAgent(context: RunContext): Promise<AgentRun> {
  const { io, flags } = context
  const key = await requireKey(context)
  const issuer = findSettingValue(context, 'issuer') === 'origin' ? 'origin' : 'agent_id'
  const timeout = flags.text('timeout') ?? io.env['ATH_TIMEOUT']
  const userToken = io.env['ATH_USER_TOKEN']
  const place = findPlace(context)
  const bare: AthClientOptions = {
    ...athPlace(place),
    agentId: requireAgentIdSetting(context),
    key: { privateKey: key.privateKey, keyId: key.keyId },
    issuer,
    ...(userToken ? { userToken } : {}),
    ...(timeout ? { timeoutSeconds: readDuration(timeout, '--timeout') } : {}),
  }
  // Checks and normalises the agent's URL, so that the profile has one name however it was typed.
  const { agentId } = createAthClient(bare)
  const profile = openProfile(context.home, place, agentId)
  const credentials = readCredentials(context) ?? (await profile.registration())
  const options: AthClientOptions = {
    ...bare,
    onRenewed: (stored) => profile.keepSession(stored),
    ...(credentials
      ? {
          credentials: {
            clientId: credentials.clientId,
            ...(credentials.clientSecret ? { clientSecret: credentials.clientSecret } : {}),
          },
        }
      : {}),
  }
  return { options, client: createAthClient(options), profile }
}

function readCredentials({ io }: RunContext): Credentials | undefined {
  const { ATH_CLIENT_ID, ATH_CLIENT_SECRET } = io.env
  if (!ATH_CLIENT_ID) return undefined
  return {
    clientId: ATH_CLIENT_ID,
    ...(ATH_CLIENT_SECRET ? { clientSecret: ATH_CLIENT_SECRET } : {}),
  }
}

/** Who answers for the agent. Unless told, its own domain: it claims nothing that is not visible anyway. */
export function findDeveloper(context: RunContext, agentId: string): { name: string; id: string } {
  const { hostname } = new URL(agentId)
  return {
    name: findSettingValue(context, 'dev-name') ?? hostname,
    id: findSettingValue(context, 'dev-id') ?? hostname,
  }
}
