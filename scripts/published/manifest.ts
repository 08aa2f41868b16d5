/** What a package.json says of how a package is published; only what is looked at here. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
  /** Entry points by subpath; a plain address is of a file that is no code. */
  readonly exports?: Readonly<Record<string, Entry | string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly repository?: Repository
}

interface Repository {
  readonly type: string
  readonly url: string
  readonly directory?: string
}

interface Face {
  readonly types: string
  readonly default: string
}

/** One entry point: where its source is, and what each kind of program gets. */
export interface Entry {
  readonly 'sallyport-source': string
  readonly import?: Face
  readonly require?: Face
}

/** The entry points that are code, by subpath. */
export const codeEntries = (manifest: Manifest): readonly (readonly [string, Entry])[] =>
  Object.entries(manifest.exports ?? {}).flatMap(([subpath, entry]) =>
    typeof entry === 'string' ? [] : [[subpath, entry] as const],
  )

/** Where the CommonJS face of what is built in `dist/` lies. */
export const commonJsFolder = 'dist/cjs'

const face = (folder: string, source: string): Face => {
  const built = source.replace(/^\.\/src\//, `./${folder}/`).replace(/\.ts$/, '')
  return { types: `${built}.d.ts`, default: `${built}.js` }
}

const completeEntry = ({ 'sallyport-source': source }: Entry) => ({
  'sallyport-source': source,
  import: face('dist', source),
  require: face(commonJsFolder, source),
})

/** What follows from the sources of the entry points, for everybody who may look for them, old tools too. */
function derive(
  manifest: Manifest,
  folder: string,
  repository: Repository | undefined,
): ReadonlyMap<string, unknown> {
  const entries = codeEntries(manifest).map(
    ([subpath, entry]) => [subpath, completeEntry(entry)] as const,
  )
  const root = entries.find(([subpath]) => subpath === '.')?.[1].require
  const typesBySubpath = entries
    .filter(([subpath]) => subpath !== '.')
    .map(([subpath, { require }]) => [subpath.slice('./'.length), [require.types]])
  return new Map<string, unknown>([
    ['exports', { ...manifest.exports, ...Object.fromEntries(entries) }],
    ['main', root?.default],
    ['types', root?.types],
    // TypeScript's `node10` resolution, which many CommonJS projects are still on, does not read `exports`.
    [
      'typesVersions',
      typesBySubpath.length ? { '*': Object.fromEntries(typesBySubpath) } : undefined,
    ],
    ['repository', repository && { ...repository, directory: folder }],
  ])
}

/**
 * The same package.json with everything that follows from `exports.*.sallyport-source` filled in, and the repository of
 * the workspace, if that has one.
 */
export function completeManifest(
  manifest: Manifest,
  folder: string,
  repository?: Repository,
): Manifest {
  const derived = derive(manifest, folder, repository)
  const kept = Object.entries(manifest).filter(([key]) => key === 'exports' || !derived.has(key))
  const completed = kept.flatMap(([key, value]) =>
    key === 'exports' ? [...derived] : [[key, value]],
  )
  return Object.fromEntries(
    completed.filter(([, value]) => value !== undefined),
  ) as unknown as Manifest
}
