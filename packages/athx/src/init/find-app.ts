import { UsageError } from '../usage-error.ts'
import type { Project } from './project.ts'
import { type AppSite, mapRoutes, type RouteMap } from './route-map.ts'
import { readSourceModule, type SourceModule } from './source-module.ts'

/** The app of a folder, with the modules that were read to find it. */
export interface FoundApp {
  readonly app: AppSite
  readonly modules: readonly SourceModule[]
  readonly routes: ReturnType<RouteMap['routesOf']>
  /** Files that could not be parsed. */
  readonly unread: readonly string[]
}

/** Finds the one app that all others are mounted in; `wanted` names its file where there are several. */
export function findApp(project: Project, wanted: string | undefined): FoundApp {
  const read = [...project.sources].map(
    ([file, text]) => [file, readSourceModule(file, text)] as const,
  )
  const modules = read.flatMap(([, module]) => (module ? [module] : []))
  const unread = read.flatMap(([file, module]) => (module ? [] : [file]))
  const map = mapRoutes(modules)
  const file = wanted?.replace(/^\.\//, '').replaceAll('\\', '/')
  if (file !== undefined && unread.includes(file))
    throw new UsageError(`${file} could not be parsed`, 'mend its syntax')
  const candidates = map.roots.filter((app) => file === undefined || app.module.file === file)
  const app = choose(candidates, project)
  if (app) return { app, modules, routes: map.routesOf(app), unread }
  const files = [...new Set(candidates.map(({ module }) => module.file))]
  if (files.length === 0)
    throw new UsageError(
      file === undefined
        ? `no Express, Fastify or Hono app was found in ${project.directory}`
        : `no Express, Fastify or Hono app is made in ${file}`,
      unread.length > 0
        ? `these could not be parsed: ${unread.slice(0, 5).join(', ')}`
        : 'run it where `express()`, `Fastify()` or `new Hono()` is called, or name the file: --file <path>',
    )
  throw new UsageError(
    `several apps were found: ${candidates.map(({ module, framework }) => `${module.file} (${framework})`).join(', ')}`,
    files.length > 1 ? 'name the one to change: --file <path>' : 'keep one app in a file',
  )
}

/** The only one, else the one that package.json starts. */
function choose(candidates: readonly AppSite[], { manifest }: Project): AppSite | undefined {
  if (candidates.length <= 1) return candidates[0]
  const started = [manifest.main, manifest.scripts?.['start'], manifest.scripts?.['dev']]
    .filter((text) => text !== undefined)
    .flatMap((text) => text.split(/\s+/))
    .map((word) => word.replace(/^\.\//, '').replace(/\.[cm]?[jt]sx?$/, ''))
  const fitting = candidates.filter(({ module }) => {
    const stem = module.file.replace(/\.[cm]?[jt]sx?$/, '')
    return started.some(
      (word) => word === stem || word.replace(/^(?:dist|build|lib)\//, 'src/') === stem,
    )
  })
  return fitting.length === 1 ? fitting[0] : undefined
}
