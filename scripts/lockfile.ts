import { readFileSync, writeFileSync } from 'node:fs'
import { inRoot } from './workspace.ts'

/** What `package-lock.json` says of one package; only what is looked at here. */
interface Locked {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly license?: string
  readonly engines?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface Lockfile {
  packages: Record<string, Locked>
}

const path = inRoot('package-lock.json')

export const readLockfile = (): Lockfile => JSON.parse(readFileSync(path, 'utf8')) as Lockfile

/**
 * Binaries for other platforms that packages name and the lockfile lacks. npm leaves them out when the registry at hand
 * does not carry them, and `npm ci` then refuses the lockfile everywhere.
 */
export function missingBinaries(lockfile: Lockfile): Readonly<Record<string, Locked>> {
  const missing: Record<string, Locked> = {}
  for (const parent of Object.values(lockfile.packages))
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`
      if (lockfile.packages[key] || !/^\d+\.\d+\.\d+$/.test(version)) continue
      missing[key] = {
        version,
        ...platform(name),
        ...(parent.dev ? { dev: true } : {}),
        ...(parent.license ? { license: parent.license } : {}),
        optional: true,
      }
    }
  return missing
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'aix', 'sunos']
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64']

/** npm decides by these fields, so that no other platform's binary is fetched. */
function platform(name: string): Pick<Locked, 'os' | 'cpu' | 'libc'> {
  const parts = name.split(/[-/]/)
  const os = systems.filter((system) => parts.includes(system))
  const cpu = processors.filter((processor) => parts.includes(processor))
  const libc = parts.some((part) => part.startsWith('musl')) ? ['musl'] : []
  return {
    ...(os.length ? { os } : {}),
    ...(cpu.length ? { cpu } : {}),
    ...(libc.length ? { libc } : {}),
  }
}

/** Adds what is missing, in npm's own order. */
export function completeLockfile(): number {
  const lockfile = readLockfile()
  const missing = missingBinaries(lockfile)
  const added = Object.keys(missing).length
  if (added === 0) return 0
  const all = { ...lockfile.packages, ...missing }
  lockfile.packages = Object.fromEntries(
    Object.keys(all)
      .sort((one, other) => one.localeCompare(other, 'en'))
      .map((key) => [key, all[key] as Locked]),
  )
  writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`)
  return added
}

if (import.meta.main)
  process.stdout.write(`lockfile: ${completeLockfile()} platform entries added\n`)
