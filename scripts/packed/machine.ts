import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

const onPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

/** The first Node on the path that is not the workspace's own: that of whoever installs our packages. */
export const machineNode = onPath('node') ?? process.execPath

/** npm as a file to run on any Node. */
export function findNpm(): string {
  const npm = process.env['npm_execpath'] ?? onPath('npm')
  if (npm === undefined) throw new Error('npm is not on the PATH. Fix: install it beside Node.')
  return realpathSync(npm)
}

/** One Node that our packages are used on. */
export interface Runtime {
  readonly node: string
  /** `20.19.0` */
  readonly version: string
}

const runtimeOf = (node: string): Runtime => ({
  node,
  version: execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim(),
})

/** The machine's Node and the workspace's, which is the newest. */
export const runtimes = (): readonly Runtime[] =>
  [...new Set([machineNode, process.execPath])].map(runtimeOf)

/** Whether `engines.node`, written `>=20.19`, admits this Node. */
export function admits(range: string | undefined, version: string): boolean {
  const lowest = /^>=(\d+)(?:\.(\d+))?$/.exec(range ?? '>=0')
  if (!lowest)
    throw new Error(`engines.node "${range}" is not understood. Fix: write it as >=20.19`)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor, wantedMinor] = [Number(lowest[1]), Number(lowest[2] ?? 0)]
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}
