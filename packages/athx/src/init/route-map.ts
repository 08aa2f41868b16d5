import { posix } from 'node:path'
import { appMadeBy, type Framework, isRouterMadeBy } from './framework.ts'
import type { SourceModule } from './source-module.ts'
import {
  bare,
  below,
  child,
  children,
  holderName,
  isFunction,
  memberName,
  type Node,
  nameOf,
  requiredModule,
  textOf,
} from './syntax.ts'

export interface Route {
  /** In capitals; `*` for every method. */
  readonly method: string
  /** From the root of the app, with `:name` for parameters. */
  readonly path: string
  readonly file: string
}

/** An expression that makes an app, and where it stands. */
export interface AppSite {
  readonly key: string
  readonly framework: Framework
  readonly module: SourceModule
  /** The name it is bound to, if the statement does nothing else with it. */
  readonly variable: string | undefined
  readonly statement: Node
  /** The statements among which it stands. */
  readonly siblings: readonly Node[]
  /** The function in which it stands, by whether that is async; undefined at the top of the module. */
  readonly inside: 'async' | 'sync' | undefined
}

export interface RouteMap {
  /** Apps that no other app mounts. */
  readonly roots: readonly AppSite[]
  /** Every route that is reached from an app, each once. */
  routesOf(app: AppSite): readonly Route[]
}

/** What a name or expression may stand for: a router by its key, or what another module exports. */
type Reference =
  | { readonly key: string }
  | { readonly file: string; readonly name: string; readonly called: boolean }

type Entry =
  | { readonly method: string; readonly path: string; readonly file: string }
  | { readonly prefix: string; readonly target: Reference }

interface Found {
  readonly entries: Map<string, Entry[]>
  readonly apps: AppSite[]
}

/** A router as a name in scope knows it. */
interface Bound {
  readonly key: string
  readonly prefix: string
}

const verbs = new Set(['get', 'post', 'put', 'patch', 'delete', 'del', 'all', 'head', 'options'])
const chained = new Set([
  ...verbs,
  'use',
  'route',
  'basePath',
  'register',
  'withTypeProvider',
  'on',
])

/** Follows routes and mounted routers through all modules. What it cannot read it leaves out. */
export function mapRoutes(modules: readonly SourceModule[]): RouteMap {
  const byFile = new Map(modules.map((module) => [module.file, module]))
  const found: Found = { entries: new Map(), apps: [] }
  const tops = new Map(modules.map((module) => [module.file, readRoutes(module, found)]))

  const resolve = (reference: Reference): string | undefined => {
    if ('key' in reference) return reference.key
    const module = [reference.file, ...fileCandidates(reference.file)]
      .map((file) => byFile.get(file))
      .find((one) => one !== undefined)
    const exported = module?.exports.get(reference.name === '*' ? 'default' : reference.name)
    if (!module || !exported) return undefined
    const key = keyOfExport(exported, module, tops.get(module.file))
    return key && reference.called ? `${key}()` : key
  }

  const targetsOf = (key: string) =>
    (found.entries.get(key) ?? []).flatMap((entry) =>
      'target' in entry ? [resolve(entry.target)].filter((one) => one !== undefined) : [],
    )
  // What a function gives back is mounted where its result is, not by the function itself.
  const mounted = new Set(
    [...found.entries.keys()]
      .filter((key) => !isResult(key))
      .flatMap(targetsOf)
      .flatMap((key) => (isResult(key) ? [key, ...targetsOf(key)] : [key])),
  )

  const collect = (key: string, prefix: string, seen: readonly string[]): readonly Route[] => {
    if (seen.includes(key) || seen.length > 20) return []
    return (found.entries.get(key) ?? []).flatMap((entry) => {
      if (!('target' in entry)) return [{ ...entry, path: joinPaths(prefix, entry.path) }]
      const target = resolve(entry.target)
      return target ? collect(target, joinPaths(prefix, entry.prefix), [...seen, key]) : []
    })
  }

  return {
    roots: found.apps.filter(({ key }) => !mounted.has(key)),
    routesOf: (app) => {
      const all = collect(app.key, '', [])
      return [...new Map(all.map((route) => [`${route.method} ${route.path}`, route])).values()]
    },
  }
}

function keyOfExport(
  exported: Node,
  module: SourceModule,
  top: ReadonlyMap<string, Bound> | undefined,
): string | undefined {
  const node = bare(exported)
  const name = nameOf(node)
  if (name !== undefined) {
    const bound = top?.get(name)
    if (bound) return bound.key
  }
  if (isFunction(node)) return keyAt(module, node)
  // A plugin wrapped in something, such as fastify-plugin.
  const wrapped = children(node, 'arguments').find(isFunction)
  if (node?.type === 'CallExpression' && wrapped) return keyAt(module, wrapped)
  const maker = node && baseOf(node)
  return maker && madeThere(maker, module) ? keyAt(module, maker) : undefined
}

/** The key of a function’s result is that of the function with `()`. */
const isResult = (key: string) => key.endsWith('()')

const keyAt = (module: SourceModule, node: Node) => `${module.file}#${node.start}`

function madeThere(node: Node, module: SourceModule): boolean {
  return appMadeBy(node, module.imports) !== undefined || isRouterMadeBy(node, module.imports)
}

/** `new Hono()` of `new Hono().get(…).post(…)`. */
function baseOf(node: Node): Node {
  const callee = child(node, 'callee')
  const name = memberName(callee)
  const object = bare(child(callee, 'object'))
  return node.type === 'CallExpression' && name && chained.has(name) && object
    ? baseOf(object)
    : node
}

/** The path that `route('/x')` and `basePath('/x')` of a chain put in front. */
function prefixOf(node: Node | undefined): string {
  if (node?.type !== 'CallExpression') return ''
  const callee = child(node, 'callee')
  const own = children(node, 'arguments')
  const before = prefixOf(bare(child(callee, 'object')))
  const name = memberName(callee)
  const opens = name === 'basePath' || (name === 'route' && own.length === 1)
  return opens ? joinPaths(before, textOf(own[0]) ?? '') : before
}

/** Whether the path was given by `route('/x')` before, as in `route('/x').get(…)`. */
function isOpened(node: Node): boolean {
  const callee = child(node, 'callee')
  if (node.type !== 'CallExpression') return false
  if (memberName(callee) === 'route' && children(node, 'arguments').length === 1) return true
  const object = bare(child(callee, 'object'))
  return object !== undefined && chained.has(memberName(callee) ?? '') && isOpened(object)
}

/** Reads one module. Returns its top-level names. */
function readRoutes(module: SourceModule, found: Found): ReadonlyMap<string, Bound> {
  type Scope = Map<string, Bound>
  const top: Scope = new Map()
  const add = (key: string, entry: Entry) => {
    const entries = found.entries.get(key) ?? []
    entries.push(entry)
    found.entries.set(key, entries)
  }
  const lookUp = (name: string, scopes: readonly Scope[]) =>
    scopes.findLast((scope) => scope.has(name))?.get(name)

  const boundOf = (node: Node | undefined, scopes: readonly Scope[]): Bound | undefined => {
    const expression = bare(node)
    if (!expression) return undefined
    const base = baseOf(expression)
    const prefix = prefixOf(expression)
    const name = holderName(base)
    const known = name === undefined ? undefined : lookUp(name, scopes)
    if (known) return { key: known.key, prefix: joinPaths(known.prefix, prefix) }
    return madeThere(base, module) ? { key: keyAt(module, base), prefix } : undefined
  }

  const referenceOf = (node: Node | undefined, scopes: readonly Scope[]): Reference | undefined => {
    const expression = bare(node)
    const bound = boundOf(expression, scopes)
    if (bound) return { key: bound.key }
    if (isFunction(expression)) return { key: keyAt(module, expression) }
    const name = nameOf(expression)
    const imported = name === undefined ? undefined : module.imports.get(name)
    if (imported)
      return imported.from.startsWith('.') ? elsewhere(imported.from, imported.name) : undefined
    const required =
      requiredModule(expression) ??
      (expression?.type === 'ImportExpression' ? textOf(child(expression, 'source')) : undefined)
    if (required !== undefined)
      return required.startsWith('.') ? elsewhere(required, 'default') : undefined
    if (expression?.type !== 'CallExpression') return undefined
    const maker = referenceOf(child(expression, 'callee'), scopes)
    if (!maker) return undefined
    return 'key' in maker ? { key: `${maker.key}()` } : { ...maker, called: true }
  }
  const elsewhere = (from: string, name: string): Reference => ({
    file: posix.join(posix.dirname(module.file), from),
    name,
    called: false,
  })

  const readCall = (node: Node, scopes: readonly Scope[]): void => {
    const callee = child(node, 'callee')
    const args = children(node, 'arguments')
    const name = memberName(callee)
    if (name === undefined) {
      // registerRoutes(app)
      const given = boundOf(args[0], scopes)
      const target = given && referenceOf(callee, scopes)
      if (target) add(given.key, { prefix: given.prefix, target })
      return
    }
    const object = bare(child(callee, 'object'))
    const bound = boundOf(object, scopes)
    if (!bound || !object) return
    const { key, prefix } = bound
    if (verbs.has(name)) {
      const opened = isOpened(object)
      // `app.get('name')` of Express reads a setting.
      if (!opened && args.length < 2) return
      const paths = opened
        ? ['']
        : (args[0]?.type === 'ArrayExpression' ? children(args[0], 'elements') : [args[0]]).map(
            textOf,
          )
      for (const path of paths)
        if (path !== undefined)
          add(key, {
            method: name === 'all' ? '*' : name === 'del' ? 'DELETE' : name.toUpperCase(),
            path: joinPaths(prefix, path),
            file: module.file,
          })
      return
    }
    if (name === 'route' && args[0]?.type === 'ObjectExpression') {
      const path = textOf(propertyOf(args[0], 'url') ?? propertyOf(args[0], 'path'))
      const given = propertyOf(args[0], 'method')
      const methods = (
        given?.type === 'ArrayExpression' ? children(given, 'elements') : [given]
      ).map(textOf)
      for (const method of methods)
        if (path !== undefined && method)
          add(key, {
            method: method.toUpperCase(),
            path: joinPaths(prefix, path),
            file: module.file,
          })
      return
    }
    if (name !== 'use' && name !== 'register' && name !== 'route') return
    const path = textOf(args[0])
    const below = name === 'register' ? textOf(propertyOf(args[1], 'prefix')) : path
    const targets = name === 'register' ? args.slice(0, 1) : args.slice(path === undefined ? 0 : 1)
    for (const argument of targets) {
      const target = referenceOf(argument, scopes)
      if (target) add(key, { prefix: joinPaths(prefix, below ?? ''), target })
    }
  }

  const noteApp = (node: Node, around: readonly Node[]): void => {
    const framework = appMadeBy(node, module.imports)
    // `Fastify().withTypeProvider()` is met twice: the inner one is the app.
    if (!framework || baseOf(node) !== node) return
    const inner = around.findLast(({ type }) => isStatement(type))
    const outer = inner && around[around.indexOf(inner) - 1]
    const exported = outer?.type === 'ExportNamedDeclaration'
    const statement = exported ? outer : inner
    if (!statement) return
    const siblings = children(around[around.indexOf(statement) - 1], 'body')
    const inside = around.findLast(isFunction)
    found.apps.push({
      key: keyAt(module, node),
      framework,
      module,
      variable: siblings.includes(statement) ? variableOf(statement, node, module) : undefined,
      statement,
      siblings,
      inside: inside && (inside['async'] === true ? 'async' : 'sync'),
    })
  }

  const visit = (node: Node, scopes: readonly Scope[], around: readonly Node[]): void => {
    const scope = scopes.at(-1) ?? top
    let inner = scopes
    if (isFunction(node)) {
      const own: Scope = new Map()
      const [first] = children(node, 'params')
      const parameter = nameOf(first?.type === 'AssignmentPattern' ? child(first, 'left') : first)
      if (parameter) own.set(parameter, { key: keyAt(module, node), prefix: '' })
      inner = [...scopes, own]
      const body = child(node, 'body')
      // `() => router` gives it back as `return` does.
      if (body && body.type !== 'BlockStatement') noteResult(node, body, inner)
    } else if (node.type === 'BlockStatement') inner = [...scopes, new Map()]
    const [target, value] =
      node.type === 'VariableDeclarator'
        ? [child(node, 'id'), child(node, 'init')]
        : node.type === 'AssignmentExpression'
          ? [child(node, 'left'), child(node, 'right')]
          : []
    const name = holderName(target)
    if (name) {
      const bound = boundOf(value, scopes)
      // What `this` holds is known to every method.
      if (bound) (name.startsWith('this.') ? top : scope).set(name, bound)
      else if (isFunction(value)) scope.set(name, { key: keyAt(module, value), prefix: '' })
    }
    if (node.type === 'ReturnStatement') {
      const owner = around.findLast(isFunction)
      if (owner) noteResult(owner, child(node, 'argument'), scopes)
    }
    if (node.type === 'CallExpression') readCall(node, scopes)
    noteApp(node, around)
    // Functions may be called above the line on which they are declared.
    const inside = below(node)
    for (const one of inside)
      if (one.type === 'FunctionDeclaration') declare(one, inner.at(-1) ?? top)
    for (const one of inside) visit(one, inner, [...around, node])
  }
  const declare = (node: Node, scope: Scope) => {
    const name = nameOf(child(node, 'id'))
    if (name) scope.set(name, { key: keyAt(module, node), prefix: '' })
  }
  const noteResult = (owner: Node, result: Node | undefined, scopes: readonly Scope[]) => {
    const bound = boundOf(result, scopes)
    if (bound)
      add(`${keyAt(module, owner)}()`, { prefix: bound.prefix, target: { key: bound.key } })
  }

  for (const statement of children(module.program, 'body')) {
    const declared = child(statement, 'declaration') ?? statement
    if (declared.type === 'FunctionDeclaration') declare(declared, top)
  }
  visit(module.program, [top], [])
  return top
}

const isStatement = (type: string) =>
  /(?:Statement|Declaration)$/.test(type) &&
  type !== 'BlockStatement' &&
  !/^Function|^Class/.test(type)

/** The variable or member that holds nothing but the app; undefined where routes are chained to the expression that makes it. */
function variableOf(statement: Node, made: Node, module: SourceModule): string | undefined {
  const plain = child(statement, 'declaration') ?? statement
  const assignment = child(plain, 'expression')
  const pairs =
    assignment?.type === 'AssignmentExpression'
      ? [[child(assignment, 'left'), child(assignment, 'right')]]
      : children(plain, 'declarations').map((one) => [child(one, 'id'), child(one, 'init')])
  for (const [id, value] of pairs) {
    let expression = bare(value)
    while (
      expression &&
      expression !== made &&
      memberName(child(expression, 'callee')) === 'withTypeProvider'
    )
      expression = bare(child(child(expression, 'callee'), 'object'))
    if (expression === made && appMadeBy(made, module.imports)) return holderName(id)
  }
  return undefined
}

export function propertyOf(object: Node | undefined, name: string): Node | undefined {
  const found = children(object, 'properties').find((property) => {
    const key = child(property, 'key')
    return nameOf(key) === name || textOf(key) === name
  })
  return child(found, 'value')
}

function fileCandidates(file: string): readonly string[] {
  const stem = file.replace(/\.([cm]?)[jt]sx?$/, '')
  const endings = ['ts', 'js', 'mts', 'mjs', 'cts', 'cjs', 'tsx', 'jsx']
  return [
    ...endings.map((ending) => `${stem}.${ending}`),
    ...endings.map((ending) => `${file}.${ending}`),
    ...endings.map((ending) => `${file}/index.${ending}`),
  ]
}

/** Two parts of a path as one, with one slash between and none at the end. */
export function joinPaths(first: string, second: string): string {
  const joined = `/${first}/${second}`.replace(/\/{2,}/g, '/')
  return joined === '/' ? '' : joined.replace(/\/$/, '')
}
