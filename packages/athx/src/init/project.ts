import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'
import { type Framework, frameworks } from './framework.ts'

/** An app’s folder, as far as it matters where ATH is plugged in. */
export interface Project {
  readonly directory: string
  readonly manifest: Manifest
  readonly manifestText: string
  readonly packageManager: Installer
  /** Source files by their path in the folder. */
  readonly sources: ReadonlyMap<string, string>
  /** `ath.config` files by their path in the folder. */
  readonly configs: ReadonlyMap<string, string>
  readonly ignoreText: string | undefined
}

export interface Manifest {
  readonly name?: string
  readonly type?: string
  readonly main?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly packageManager?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export type Installer = 'npm' | 'pnpm' | 'yarn' | 'bun'

const lockfiles: readonly (readonly [string, Installer])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
]

const maxFiles = 2000
const maxBytes = 512 * 1024
const notSources =
  /^(?:node_modules|dist|build|out|coverage|vendor|public|static|test|tests|__tests__|e2e|examples)$/
const source = /\.[cm]?[jt]sx?$/
const configFile = /^ath\.config\.[cm]?[jt]s$/
const notApp = /\.(?:d|test|spec|config)\.[cm]?[jt]sx?$/

export async function readProject(directory: string): Promise<Project> {
  const manifestText = await readOrNothing(join(directory, 'package.json'))
  if (manifestText === undefined)
    throw new UsageError(
      `there is no package.json in ${directory}`,
      'run it in your app’s folder, or name that: --dir <folder>',
    )
  const manifest = readManifest(manifestText, directory)
  return {
    directory,
    manifest,
    manifestText,
    packageManager: await findInstaller(directory, manifest),
    ...(await readSources(directory)),
    ignoreText: await readOrNothing(join(directory, '.gitignore')),
  }
}

function readManifest(text: string, directory: string): Manifest {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new UsageError(`${join(directory, 'package.json')} is not a JSON object`, 'mend it')
}

async function findInstaller(directory: string, manifest: Manifest): Promise<Installer> {
  const told = /^(npm|pnpm|yarn|bun)@/.exec(manifest.packageManager ?? '')?.[1]
  if (told) return told as Installer
  for (const [file, manager] of lockfiles)
    if (await stat(join(directory, file)).catch(() => undefined)) return manager
  return 'npm'
}

async function readSources(directory: string): Promise<Pick<Project, 'sources' | 'configs'>> {
  const sources = new Map<string, string>()
  const configs = new Map<string, string>()
  const look = async (folder: string): Promise<void> => {
    const entries = await readdir(join(directory, folder), { withFileTypes: true })
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && !entry.name.startsWith('.') && !notSources.test(entry.name))
        await look(path)
      const isConfig = configFile.test(entry.name)
      if (!entry.isFile() || !source.test(entry.name)) continue
      if (notApp.test(entry.name) && !isConfig) continue
      if (sources.size >= maxFiles) return
      const { size } = await stat(join(directory, path))
      if (size > maxBytes) continue
      const text = await readFile(join(directory, path), 'utf8')
      if (isConfig) configs.set(path, text)
      else sources.set(path, text)
    }
  }
  await look('')
  return { sources, configs }
}

/** Frameworks that package.json names, with the version asked for. */
export function declaredFrameworks({ manifest }: Project): ReadonlyMap<Framework, string> {
  const all = { ...manifest.devDependencies, ...manifest.dependencies }
  return new Map(frameworks.flatMap((name) => (all[name] ? [[name, all[name]]] : [])))
}

/** The version of a framework that is installed, else the one asked for. */
export async function frameworkVersion(project: Project, framework: Framework): Promise<string> {
  const installed = await readOrNothing(
    join(project.directory, 'node_modules', framework, 'package.json'),
  )
  const version = installed && (JSON.parse(installed) as { version?: string }).version
  return version ?? declaredFrameworks(project).get(framework) ?? ''
}

export async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
