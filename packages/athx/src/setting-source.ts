import type { RunContext } from './run-context.ts'
import type { SettingName } from './state/config-file.ts'

/** The environment variable of each setting. Flags beat it, and it beats the config file. */
export const environmentOf: Readonly<Record<SettingName, string>> = {
  gateway: 'ATH_GATEWAY',
  service: 'ATH_SERVICE',
  mode: 'ATH_MODE',
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
  service: 'service',
  mode: 'mode',
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

export type Sources = Pick<RunContext, 'flags' | 'io' | 'config'>

export interface Source {
  readonly value: string
  readonly level: 'flag' | 'environment' | 'config'
  /** As people are told it. */
  readonly source: string
}

/** A setting and where it comes from: flag, then environment, then config file. */
export function findSource({ flags, io, config }: Sources, name: SettingName): Source | undefined {
  const flag = flags.text(flagOf[name])
  if (flag) return { value: flag, level: 'flag', source: 'flag' }
  const variable = io.env[environmentOf[name]]
  if (variable) return { value: variable, level: 'environment', source: environmentOf[name] }
  const kept = config.settings[name]
  return kept ? { value: kept, level: 'config', source: 'config' } : undefined
}

export const findSettingValue = (context: Sources, name: SettingName) =>
  findSource(context, name)?.value
