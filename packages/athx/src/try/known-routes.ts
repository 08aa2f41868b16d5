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

/** What an app’s `ath.config` says, as far as it is written out there. */
export interface KnownApp {
  readonly appId: string | undefined
  readonly url: string | undefined
  /** Scope → a path that it opens for GET, without parameters. */
  readonly paths: ReadonlyMap<string, string>
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
      paths: readPaths(propertyOf(options, 'scopes')),
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

function readPaths(scopes: Node | undefined): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  for (const property of children(scopes, 'properties')) {
    const scope = textOf(child(property, 'key'))
    const entry = child(property, 'value')
    const routes = entry?.type === 'ArrayExpression' ? entry : propertyOf(entry, 'routes')
    const found = children(routes, 'elements')
      .map((one) => /^(?:GET|\*) +(\S+)$/.exec(textOf(one) ?? '')?.[1])
      .filter((pattern) => pattern !== undefined)
      // `/**` is any rest, also none.
      .map((pattern) => pattern.replace(/\/\*\*$/, '') || '/')
      .find((pattern) => !pattern.includes('*'))
    if (scope !== undefined && found !== undefined) paths.set(scope, found)
  }
  return paths
}
