import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { codeEntries, type Manifest } from '../published/manifest.ts'
import { inRoot } from '../workspace.ts'
import type { Check } from './check.ts'
import { admits, findNpm, type Runtime } from './machine.ts'
import type { Tarball } from './tarball.ts'

const run = promisify(execFile)

/** A project of somebody else, on one Node, with our packages installed from their tarballs. */
export interface Consumer {
  readonly folder: string
  readonly runtime: Runtime
  readonly tarballs: readonly Tarball[]
}

interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** The environment without what this workspace's own npm and Node put there. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => name !== 'NODE_OPTIONS' && !/^npm_(?!config_(?:registry|cache)$)/.test(name),
  ),
)

/** Runs something in the project, as its owner would. */
export async function runIn(
  { folder }: Pick<Consumer, 'folder'>,
  program: string,
  args: readonly string[],
): Promise<Ran> {
  try {
    const ran = await run(program, args, { cwd: folder, env: environment, timeout: 300_000 })
    return { ...ran, code: 0 }
  } catch (cause) {
    const { stdout = '', stderr = '', code, message } = cause as Partial<Ran> & Error
    return {
      stdout,
      stderr: stdout || stderr ? stderr : message,
      code: typeof code === 'number' ? code : 1,
    }
  }
}

/** What a project brings itself: the frameworks and SDKs that entry points are made for, with their types, as tested here. */
const peersOf = ({ peerDependencies = {}, devDependencies = {} }: Manifest): readonly string[] =>
  Object.entries(peerDependencies).flatMap(([name, range]) => {
    const types = `@types/${name.replace(/^@/, '').replace('/', '__')}`
    const typesVersion = devDependencies[types]
    return [
      `${name}@${devDependencies[name] ?? range}`,
      ...(typesVersion === undefined ? [] : [`${types}@${typesVersion}`]),
    ]
  })

const install = ({ folder, runtime }: Omit<Consumer, 'tarballs'>, specs: readonly string[]) =>
  runIn({ folder }, runtime.node, [
    findNpm(),
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
    ...specs,
  ])

export const labelOf = ({ runtime }: Consumer) => `Node ${runtime.version}`

/** Creates an empty project and installs all packages that this Node may run. */
export async function createConsumer(
  all: readonly Tarball[],
  runtime: Runtime,
  folder: string,
): Promise<{ readonly consumer: Consumer; readonly checks: readonly Check[] }> {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n')
  const tarballs = all.filter(({ manifest }) => admits(manifest.engines?.['node'], runtime.version))
  const consumer: Consumer = { folder, runtime, tarballs }
  const { code, stderr } = await install(
    consumer,
    tarballs.map(({ file }) => file),
  )
  const names = tarballs.map(({ manifest }) => manifest.name).join(', ')
  return {
    consumer,
    checks: [
      {
        what: `${names}: install into an empty project on ${labelOf(consumer)}`,
        faults: [...(code === 0 ? [] : [stderr.trim()]), ...foreignFaults(consumer)],
        fix: 'the dependencies in the package.json that npm names',
      },
    ],
  }
}

/** Ours must come from the tarballs: a registry may know other packages by these names. */
function foreignFaults({ folder, tarballs }: Consumer): readonly string[] {
  const lockfile = join(folder, 'package-lock.json')
  if (!existsSync(lockfile)) return ['nothing was installed']
  const { packages } = JSON.parse(readFileSync(lockfile, 'utf8')) as {
    packages: Readonly<Record<string, { readonly resolved?: string }>>
  }
  const ours = new Set(tarballs.map(({ manifest }) => manifest.name))
  return Object.entries(packages)
    .filter(([path]) => ours.has(path.slice(path.lastIndexOf('node_modules/') + 13)))
    .filter(([, { resolved }]) => !resolved?.startsWith('file:'))
    .map(([path, { resolved }]) => `${path} came from ${resolved}`)
}

/** Installs what else a project brings that uses every entry point, if there is anything. */
export async function addPeers(consumer: Consumer): Promise<readonly Check[]> {
  const specs = [...new Set(consumer.tarballs.flatMap(({ manifest }) => peersOf(manifest)))]
  if (specs.length === 0) return []
  const { code, stderr } = await install(consumer, specs)
  return [
    {
      what: `${specs.join(', ')}: install beside our packages on ${labelOf(consumer)}`,
      faults: code === 0 ? [] : [stderr.trim()],
      fix: 'the range in `peerDependencies` of the package.json that npm names',
    },
  ]
}

export const entryName = ({ manifest }: Tarball, subpath: string) =>
  `${manifest.name}${subpath.slice(1)}`

const forms = [
  ['ES module', 'load.mjs'],
  ['CommonJS', 'load.cjs'],
] as const

/** Loads entry points both ways. Nothing may be said on stderr: whoever loads a library did not ask for warnings. */
export async function load(
  consumer: Consumer,
  isChosen: (subpath: string) => boolean,
): Promise<readonly Check[]> {
  for (const file of ['load.mjs', 'load.cjs', 'compare.cjs'])
    copyFileSync(inRoot('scripts/packed', file), join(consumer.folder, file))
  const checks: Check[] = []
  for (const tarball of consumer.tarballs) {
    const chosen = codeEntries(tarball.manifest).filter(([subpath]) => isChosen(subpath))
    const entries = chosen.map(([subpath]) => entryName(tarball, subpath))
    if (entries.length === 0) continue
    for (const [form, file] of forms) {
      const ran = await runIn(consumer, consumer.runtime.node, [file, ...entries])
      const told = ran.stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map(
          (line) => JSON.parse(line) as { readonly entry: string; readonly fault: string | null },
        )
      for (const [subpath, { 'sallyport-source': source }] of chosen) {
        const entry = entryName(tarball, subpath)
        const about = told.find((one) => one.entry === entry)
        const fault = about ? about.fault : 'it ended the program that loads it'
        const faults = [fault, ran.stderr.trim()].filter((found) => found !== null && found !== '')
        checks.push({
          what: `${entry}: is used as ${form} on ${labelOf(consumer)}`,
          faults: faults as readonly string[],
          fix: `${tarball.folder}/${source.replace(/^\.\//, '')} and what it imports`,
        })
      }
    }
  }
  return checks
}

/** Runs every command: each tells its use and its version. */
export async function runCommands(consumer: Consumer): Promise<readonly Check[]> {
  const commands = consumer.tarballs.flatMap(({ folder, manifest }) =>
    Object.entries(manifest.bin ?? {}).map(([name, file]) => ({ folder, manifest, name, file })),
  )
  const checks: Check[] = []
  for (const { folder, manifest, name, file } of commands) {
    const command = join('node_modules/.bin', name)
    const ask = (option: string) => runIn(consumer, consumer.runtime.node, [command, option])
    const [version, help] = [await ask('--version'), await ask('--help')]
    checks.push({
      what: `${manifest.name}: the command ${name} runs on ${labelOf(consumer)}`,
      faults: [
        ...(version.code === 0 && version.stdout.trim() === manifest.version
          ? []
          : [`--version: expected ${manifest.version}, got ${version.stdout}${version.stderr}`]),
        ...(help.code === 0 && help.stdout.includes(name)
          ? []
          : [`--help: ended with ${help.code}: ${help.stdout}${help.stderr}`]),
      ],
      fix: `\`bin\` in ${folder}/package.json, and the source of ${file}`,
    })
  }
  return checks
}

/** A class is one class, whichever way the client was loaded. */
export async function compareInstances(consumer: Consumer): Promise<Check> {
  copyFileSync(inRoot('scripts/packed/instance.cjs'), join(consumer.folder, 'instance.cjs'))
  const { code, stderr } = await runIn(consumer, consumer.runtime.node, ['instance.cjs'])
  return {
    what: `@ath-protocol/client: an AthError of CommonJS is one of the ES module on ${labelOf(consumer)}`,
    faults: code === 0 ? [] : [stderr.trim()],
    fix: 'scripts/published/commonjs.ts: there must be one implementation',
  }
}
