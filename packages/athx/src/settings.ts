import {
  type AthClient,
  type AthClientOptions,
  type Credentials,
  createAthClient,
  type ReadKey,
  readAgentKey,
} from '@ath-protocol/client'
import { readDuration } from './flags.ts'
import type { RunContext } from './run-context.ts'
import { readConfig, type SettingName, writeConfig } from './state/config-file.ts'
import { defaultKeyPath } from './state/home.ts'
import { readIfThere } from './state/private-file.ts'
import { openProfile, type Profile } from './state/profile.ts'
import { UsageError } from './usage-error.ts'

/** The environment variable of each setting. Flags beat it, and it beats the config file. */
export const environmentOf: Readonly<Record<SettingName, string>> = {
  gateway: 'ATH_GATEWAY',
  'agent-id': 'ATH_AGENT_ID',
  did: 'ATH_DID',
  'key-path': 'ATH_KEY',
  'key-id': 'ATH_KEY_ID',
  'user-key': 'ATH_USER_KEY',
  format: 'ATH_FORMAT',
  issuer: 'ATH_ISSUER',
  'dev-name': 'ATH_DEV_NAME',
  'dev-id': 'ATH_DEV_ID',
}

const flagOf: Readonly<Record<SettingName, string>> = {
  gateway: 'gateway',
  'agent-id': 'agentId',
  did: 'did',
  'key-path': 'key',
  'key-id': 'keyId',
  'user-key': 'userKey',
  format: 'format',
  issuer: 'issuer',
  'dev-name': 'devName',
  'dev-id': 'devId',
}

type Sources = Pick<RunContext, 'flags' | 'io' | 'config'>

/** A setting and where it comes from: flag, then environment, then config file. */
export function findSource(
  { flags, io, config }: Sources,
  name: SettingName,
): { readonly value: string; readonly source: string } | undefined {
  const flag = flags.text(flagOf[name])
  if (flag) return { value: flag, source: 'flag' }
  const variable = io.env[environmentOf[name]]
  if (variable) return { value: variable, source: environmentOf[name] }
  const kept = config.settings[name]
  return kept ? { value: kept, source: 'config' } : undefined
}

export const findSettingValue = (context: Sources, name: SettingName) =>
  findSource(context, name)?.value

/** The gateway's URL; a name that `athx config set-gateway` gave stands for one. */
export function requireGateway(context: Sources): string {
  if (context.flags.text('mode') === 'native')
    throw new UsageError(
      'this command speaks to gateways only',
      'native mode is understood by `athx discover --mode native --service <url>`',
    )
  const value = findSettingValue(context, 'gateway')
  if (value) return requireUrl(context.config.gateways[value] ?? value)
  throw new UsageError(
    'no gateway was given',
    'add --gateway <url>, set ATH_GATEWAY, or: athx config set gateway <url>',
  )
}

function requireUrl(value: string): string {
  if (URL.canParse(value) && /^https?:/.test(value)) return value
  throw new UsageError(
    `neither a URL nor the name of a gateway: ${value}`,
    'write it whole, like https://gw.example, or name one: athx config set-gateway <name> <url>',
  )
}

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
        config.settings[name as SettingName] === undefined,
    ),
  )
  if (Object.keys(fresh).length === 0) return
  await writeConfig(home, { ...config, settings: { ...config.settings, ...fresh } })
  for (const [name, value] of Object.entries(fresh))
    out.say(`default   ${name} is ${value} from now on (athx config unset ${name})`)
}

export function requireAgentIdSetting(context: Sources): string {
  const value = findSettingValue(context, 'agent-id')
  if (value) return value
  throw new UsageError(
    'no agent id was given',
    'add --agent-id <url>, set ATH_AGENT_ID, or: athx agent init --id <url>',
  )
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

/** The agent of this run at its gateway, with what was kept of earlier runs. */
export interface AgentRun {
  readonly options: AthClientOptions
  readonly client: AthClient
  readonly profile: Profile
}

/** What `keepDefaults` keeps of an agent. */
export const defaultsOf = ({ client }: AgentRun) => ({
  gateway: client.gateway,
  'agent-id': client.agentId,
})

export async function openAgent(context: RunContext): Promise<AgentRun> {
  const { io, flags } = context
  const key = await requireKey(context)
  const issuer = findSettingValue(context, 'issuer') === 'origin' ? 'origin' : 'agent_id'
  const timeout = flags.text('timeout') ?? io.env['ATH_TIMEOUT']
  const userToken = io.env['ATH_USER_TOKEN']
  const bare: AthClientOptions = {
    gateway: requireGateway(context),
    agentId: requireAgentIdSetting(context),
    key: { privateKey: key.privateKey, keyId: key.keyId },
    issuer,
    ...(userToken ? { userToken } : {}),
    ...(timeout ? { timeoutSeconds: readDuration(timeout, '--timeout') } : {}),
  }
  // Checks and normalises both URLs, so that the profile has one name however they were typed.
  const { gateway, agentId } = createAthClient(bare)
  const profile = openProfile(context.home, gateway, agentId)
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
