import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { findFiles, inRoot } from './workspace.ts'

/** One package: its folder, the name it is imported by, and the packages of this repository that it may import. */
export interface PackageLaw {
  readonly folder: string
  readonly name: string
  readonly mayImport: readonly string[]
  /** Whether it may import Node's own modules. */
  readonly node: boolean
}

/** The dependency law. ARCHITECTURE.md prints it; the architecture test enforces it. */
export const packageLaw: readonly PackageLaw[] = [
  { folder: 'types', name: '@ath-protocol/types', mayImport: [], node: false },
  {
    folder: 'server',
    name: '@ath-protocol/server',
    mayImport: ['@ath-protocol/types'],
    node: true,
  },
  {
    folder: 'client',
    name: '@ath-protocol/client',
    mayImport: ['@ath-protocol/types'],
    node: true,
  },
  { folder: 'athx', name: 'athx', mayImport: ['@ath-protocol/client'], node: true },
  { folder: 'conformance', name: '@ath-protocol/conformance', mayImport: [], node: true },
  {
    folder: 'gateway',
    name: 'sallyport',
    mayImport: ['@ath-protocol/types', '@ath-protocol/server'],
    node: true,
  },
  {
    folder: 'testing',
    name: '@sallyport/testing',
    mayImport: ['@ath-protocol/types', '@ath-protocol/server'],
    node: true,
  },
  {
    folder: 'demo',
    name: '@sallyport/demo',
    mayImport: [
      '@ath-protocol/types',
      '@ath-protocol/client',
      '@ath-protocol/server',
      'athx',
      'sallyport',
      '@sallyport/testing',
    ],
    node: true,
  },
]

/** What tests may import beside what their package may: the test kit, and the client as a real peer. */
export const testsMayImport = ['@sallyport/testing', '@ath-protocol/client'] as const

/** Folders that only some may import: adapters are chosen in one place, and know no story. */
export interface FolderLaw {
  readonly what: string
  /** Files that import. */
  readonly from: RegExp
  /** What they may not import. */
  readonly notTo: RegExp
  readonly except: RegExp
}

const gateway = 'packages/gateway/src'
const server = 'packages/server/src'
export const folderLaw: readonly FolderLaw[] = [
  {
    what: 'only the composition root picks adapters',
    from: new RegExp(`^${gateway}/`),
    notTo: new RegExp(`^${gateway}/adapters/`),
    except: new RegExp(`^${gateway}/(?:main\\.ts$|compose(?:\\.ts$|/)|adapters/)`),
  },
  {
    what: 'only the composition root of native mode and the entries pick adapters',
    from: new RegExp(`^${server}/`),
    notTo: new RegExp(`^${server}/adapters/`),
    except: new RegExp(`^${server}/(?:[a-z-]+\\.ts$|native/|low-level/|compose/|adapters/)`),
  },
  {
    what: 'adapters know no story',
    from: new RegExp(`^(?:${gateway}|${server})/adapters/`),
    notTo: new RegExp(`^${server}/story/(?!dependency-down\\.ts$|upstream-answer\\.ts$)`),
    except: /^$/,
  },
  {
    what: 'ports are interfaces and import no implementation',
    from: /^packages\/(server|gateway)\/src\/ports\//,
    notTo: /\/(adapters|memory|story|endpoint|listener|cli)\//,
    except: /^$/,
  },
]

/** Code that takes time, network and the process from ports only. What oxlint cannot express is looked for here. */
export const pureLaw = {
  in: /^packages\/(?:types|server|gateway)\/src\//,
  // Each of these is an edge: a socket, a file of the operator, or the composition root.
  except: new RegExp(
    `^${gateway}/(?:(?:main|compose|admin/socket|config/load)\\.ts$|(?:compose|cli|listener|adapters)/)|^${server}/(?:adapters|native)/`,
  ),
  modules:
    /^node:(?:process|net|https?|http2|tls|dgram|dns|child_process|worker_threads|fs)(?:\/|$)/,
  globals: /\bnew Date\(\)|\bglobalThis\.(?:fetch|process)\b|\bperformance\.now\b/,
} as const

/** Names that say nothing. */
export const bannedWords = ['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc']

export interface Import {
  readonly specifier: string
  /** The file in this repository that it means, if it is relative. */
  readonly target: string | undefined
  /** Erased when the file runs. */
  readonly typeOnly: boolean
  /** What it imports, as written. */
  readonly names: string
}

export interface Module {
  /** Relative to the root. */
  readonly file: string
  readonly isTest: boolean
  readonly imports: readonly Import[]
  readonly exports: readonly string[]
  /** What it reaches for past the ports. */
  readonly reaches: readonly string[]
}

const statement =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:([\w*{}\s,$]*?)\sfrom\s+)?'([^'\n]+)'|\bimport\('([^'\n]+)'\)/g
const declaration =
  /(?:^|\n)export\s+(?:declare\s+)?(?:async\s+)?(?:function\*?|const|let|class|interface|type)\s+([A-Za-z_$][\w$]*)/g

export function readModule(file: string, source: string): Module {
  const imports = [...source.matchAll(statement)].map((match): Import => {
    const specifier = match[3] ?? match[4] ?? ''
    return {
      specifier,
      target: specifier.startsWith('.') ? join(dirname(file), specifier) : undefined,
      typeOnly: match[1] !== undefined,
      names: match[2]?.trim() ?? '',
    }
  })
  return {
    file,
    isTest: file.endsWith('.test.ts') || /^packages\/[^/]+\/test\//.test(file),
    imports,
    exports: [...source.matchAll(declaration)].map((match) => match[1] ?? ''),
    reaches: source.match(new RegExp(pureLaw.globals, 'g')) ?? [],
  }
}

/** Every module of the packages. */
export const readModules = (): readonly Module[] =>
  findFiles('packages/*/src/**/*.ts', 'packages/*/test/**/*.ts').map((file) =>
    readModule(file, readFileSync(inRoot(file), 'utf8')),
  )

const isNodeModule = (specifier: string) =>
  specifier.startsWith('node:') || builtinModules.includes(specifier.split('/')[0] ?? '')

/** Imports that the dependency law between packages does not allow, one sentence each. */
export function packageFaults(modules: readonly Module[]): readonly string[] {
  return modules.flatMap(({ file, isTest, imports }) => {
    const law = packageLaw.find(({ folder }) => file.startsWith(`packages/${folder}/`))
    if (!law) return [`${file}: its package has no row in packageLaw`]
    const allowed = new Set([
      law.name,
      ...law.mayImport,
      ...(isTest || law.folder === 'testing' ? testsMayImport : []),
    ])
    return imports.flatMap(({ specifier, target }) => {
      if (target && !target.startsWith(`packages/${law.folder}/`))
        return [`${file}: reaches into another package by path: ${specifier}`]
      if (isNodeModule(specifier) && !law.node && !isTest)
        return [`${file}: ${law.name} has no Node in it, but imports ${specifier}`]
      const ours = packageLaw.find(
        ({ name }) => specifier === name || specifier.startsWith(`${name}/`),
      )
      return ours && !allowed.has(ours.name)
        ? [`${file}: ${law.name} may not import ${ours.name}`]
        : []
    })
  })
}

/** Imports that the law between folders does not allow. Tests may look everywhere in their package. */
export function folderFaults(modules: readonly Module[]): readonly string[] {
  return modules
    .filter(({ isTest }) => !isTest)
    .flatMap(({ file, imports }) =>
      folderLaw.flatMap(({ what, from, notTo, except }) =>
        !from.test(file) || except.test(file)
          ? []
          : imports
              .filter(({ target }) => target !== undefined && notTo.test(target))
              .map(({ specifier }) => `${file}: ${what}, but it imports ${specifier}`),
      ),
    )
}

/** Places where pure code reads the clock, opens a socket or asks the process by itself. */
export function purityFaults(modules: readonly Module[]): readonly string[] {
  return modules
    .filter(({ file, isTest }) => !isTest && pureLaw.in.test(file) && !pureLaw.except.test(file))
    .flatMap(({ file, imports, reaches }) => [
      ...reaches.map((found) => `${file}: takes ${found} past the ports`),
      // Constants of `node:http` are data: its list of methods, its names of statuses.
      ...imports
        .filter(({ specifier, names }) => pureLaw.modules.test(specifier) && !isData(names))
        .map(({ specifier }) => `${file}: takes ${specifier} past the ports`),
    ])
}

const isData = (names: string) => /^\{\s*[A-Z_]+\s*\}$/.test(names)

/** A folder directly under a package's `src`; a file there stands for itself. */
const folderOf = (file: string) => file.split('/').slice(0, 4).join('/')

/** Rings of folders that import each other at run time. Types do not count: they are gone by then. */
export function folderCycles(modules: readonly Module[]): readonly string[] {
  const edges = new Map<string, Set<string>>()
  for (const { file, isTest, imports } of modules) {
    if (isTest) continue
    for (const { target, typeOnly } of imports) {
      if (target === undefined || typeOnly || folderOf(target) === folderOf(file)) continue
      const known = edges.get(folderOf(file)) ?? new Set()
      edges.set(folderOf(file), known.add(folderOf(target)))
    }
  }
  const cycles = new Set<string>()
  const visit = (folder: string, path: readonly string[]) => {
    const start = path.indexOf(folder)
    if (start >= 0) {
      cycles.add([...path.slice(start), folder].join(' → '))
      return
    }
    if (done.has(folder)) return
    for (const next of edges.get(folder) ?? []) visit(next, [...path, folder])
    done.add(folder)
  }
  const done = new Set<string>()
  for (const folder of edges.keys()) visit(folder, [])
  return [...cycles]
}

/** File and export names with a word in them that says nothing. */
export function nameFaults(modules: readonly Module[]): readonly string[] {
  const words = (name: string) =>
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .split(/[^a-z0-9]+/)
  const isBanned = (name: string) => words(name).some((word) => bannedWords.includes(word))
  return modules.flatMap(({ file, exports }) => [
    ...(isBanned(file) ? [`${file}: the name says nothing`] : []),
    ...exports
      .filter((name) => isBanned(name) || /^I[A-Z][a-z]|Impl$/.test(name))
      .map((name) => `${file}: ${name} says nothing`),
  ])
}
