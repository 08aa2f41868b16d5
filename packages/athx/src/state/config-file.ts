import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'
import { readIfThere, writePrivate } from './private-file.ts'

/** The settings a person may keep, by the names that `athx config` takes. None of them is a secret. */
export const settingNames = [
  'gateway',
  'service',
  'mode',
  'agent-id',
  'did',
  'key-path',
  'key-id',
  'user-key',
  'format',
  'issuer',
  'dev-name',
  'dev-id',
] as const
export type SettingName = (typeof settingNames)[number]

/** Names that other ATH command lines use for the same things. */
const otherNames: Readonly<Record<string, SettingName>> = {
  'default-gateway': 'gateway',
  'default-service': 'service',
  key: 'key-path',
}

export interface ConfigFile {
  readonly settings: Partial<Record<SettingName, string>>
  /** Gateways by short name. */
  readonly gateways: Record<string, string>
}

export function findSetting(name: string): SettingName {
  const found = settingNames.find((known) => known === name) ?? otherNames[name]
  if (found) return found
  throw new UsageError(`there is no setting \`${name}\``, `use one of: ${settingNames.join(', ')}`)
}

const pathOf = (home: string) => join(home, 'config.json')

export async function readConfig(home: string): Promise<ConfigFile> {
  const text = await readIfThere(pathOf(home))
  if (text === undefined) return { settings: {}, gateways: {} }
  try {
    const { settings = {}, gateways = {} } = JSON.parse(text) as Partial<ConfigFile>
    return { settings, gateways }
  } catch {
    throw new UsageError(`${pathOf(home)} is not valid JSON`, 'mend it or delete it')
  }
}

export function writeConfig(home: string, config: ConfigFile): Promise<void> {
  return writePrivate(pathOf(home), `${JSON.stringify(config, null, 2)}\n`)
}
