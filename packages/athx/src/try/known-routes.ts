import { propertyOf } from '../init/route-map.ts'
import { readProject } from '../init/project.ts'
import {
  child,
  children,
  everyNode,
  type Node,
  nameOf,
  parseModule,
  textOf,
} from '../init/syntax.ts'

/** What scopes open, as far as it is written out. */
export interface KnownRoutes {
  /** Scope → a path that it opens for GET, without parameters. */
  readonly paths: ReadonlyMap<string, string>
  /** Scopes that open nothing but routes that change things. */
  readonly writing: ReadonlySet<string>
}

/** What an app’s `ath.config` says, as far as it is written out there. */
export interface KnownApp extends KnownRoutes {
  readonly appId: string | undefined
  readonly url: string | undefined
}

/** Reads the `ath.config` of a folder; undefined where there is none that can be read. */
export async function readKnownApp(directory: string): Promise<KnownApp | undefined> {
  const project = await readProject(directory).catch(() => undefined)
  for (const [file, text] of project?.configs ?? []) {
    const program = parseModule(text, file)
    const options = program && findOptions(program)
    if (!options) continue
    return {
      appId: textOf(propertyOf(options, 'appId')),
      url: textOf(propertyOf(options, 'url')),
      ...readRoutes(propertyOf(options, 'scopes')),
    }
  }
  return undefined
}

function findOptions(program: Node): Node | undefined {
  for (const node of everyNode(program))
    if (node.type === 'CallExpression' && nameOf(child(node, 'callee')) === 'defineAth')
      return children(node, 'arguments')[0]
  return undefined
}

function readRoutes(scopes: Node | undefined): KnownRoutes {
  const paths = new Map<string, string>()
  const writing = new Set<string>()
  for (const property of children(scopes, 'properties')) {
    const scope = textOf(child(property, 'key'))
    const entry = child(property, 'value')
    const routes = entry?.type === 'ArrayExpression' ? entry : propertyOf(entry, 'routes')
    const patterns = children(routes, 'elements').map((one) => textOf(one) ?? '')
    const found = patterns
      .map((pattern) => /^(?:GET|\*) +(\S+)$/.exec(pattern)?.[1])
      .filter((pattern) => pattern !== undefined)
      // `/**` is any rest, also none.
      .map((pattern) => pattern.replace(/\/\*\*$/, '') || '/')
      .find((pattern) => !pattern.includes('*'))
    if (scope === undefined) continue
    if (found !== undefined) paths.set(scope, found)
    if (
      patterns.length > 0 &&
      patterns.every((pattern) => /^(?:POST|PUT|PATCH|DELETE) /.test(pattern))
    )
      writing.add(scope)
  }
  return { paths, writing }
}
