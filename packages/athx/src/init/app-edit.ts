import { posix } from 'node:path'
import type { Manifest } from './project.ts'
import type { AppSite } from './route-map.ts'
import {
  applyEdits,
  type Edit,
  endsItsLine,
  indentAt,
  insertLines,
  lineStart,
  nextLineStart,
} from './line-edit.ts'
import type { SourceModule } from './source-module.ts'
import {
  bare,
  child,
  children,
  everyNode,
  holderName,
  memberName,
  type Node,
  nameOf,
  requiredModule,
  textOf,
} from './syntax.ts'

export const serverPackage = '@ath-protocol/server'
const configName = /(?:^|\/)ath\.config(?:\.[cm]?[jt]s)?$/

/** The lines that plug ATH into an app, in the style of its file. */
export interface Lines {
  readonly imports: readonly [string, string]
  readonly mount: string
}

/** What else of the project says how its files are written. */
export interface Surroundings {
  readonly modules: readonly SourceModule[]
  readonly manifest: Manifest
}

export type AppEdit =
  | { readonly kind: 'edited'; readonly text: string; readonly lines: Lines }
  | { readonly kind: 'present' }
  /** What is in the way of an edit that would surely be right; `where` is for the person who does it by hand. */
  | {
      readonly kind: 'unclear'
      readonly why: string
      readonly where: string
      readonly lines: Lines
    }

/** Adds the three lines: two after the imports, one where the app has been made and has its body parsers. */
export function plugIn(app: AppSite, configFile: string, around: Surroundings): AppEdit {
  const { module, statement, variable } = app
  const { text } = module
  if (findMount(module)) return { kind: 'present' }
  const lines = writeLines(app, configFile, around)
  const unclear = (why: string, at: Node = statement): AppEdit => ({
    kind: 'unclear',
    why,
    where: `${module.file}:${lineNumber(text, at.start)}, before the first route`,
    lines,
  })
  const taken = ['ath', 'athConfig'].find((name) => isNamed(module, name))
  if (taken) return unclear(`\`${taken}\` is a name in this file already`)
  if (variable === undefined)
    return unclear('the app is not held by a variable before its routes are added')
  const anchor = app.framework === 'express' ? lastBodyParser(app, variable) : statement
  if (!endsItsLine(text, anchor.end) || !startsItsLine(text, anchor.start))
    return unclear('other code is on the line after which the app would be extended', anchor)
  const head = lastImport(app)
  if (head && !endsItsLine(text, head.end))
    return unclear('other code is on the line of the last import', head)
  const importsAt = head ? nextLineStart(text, head.end) : lineStart(text, statement.start)
  const edits: readonly Edit[] = [
    insertLines(text, importsAt, lines.imports),
    insertLines(text, nextLineStart(text, anchor.end), [lines.mount]),
  ]
  return { kind: 'edited', text: applyEdits(text, edits), lines }
}

/** The file without the lines of `plugIn`. */
export function unplug(module: SourceModule): AppEdit {
  const mount = findMount(module)
  const { text } = module
  if (!mount) return { kind: 'present' }
  const own = [...mount.imports, mount.statement].filter((node) => node !== undefined)
  const inside = (node: Node) =>
    own.some(({ start, end }) => start <= node.start && node.end <= end)
  const used = [...everyNode(module.program)].find(
    (node) => mount.names.includes(nameOf(node) ?? '') && !inside(node),
  )
  const lines: Lines = { imports: ['', ''], mount: '' }
  if (!mount.statement || used) {
    const at = used ?? mount.imports[0] ?? module.program
    return {
      kind: 'unclear',
      why: 'ATH is used beyond the three lines, for example by `requireScope`',
      where: `${module.file}:${lineNumber(text, at.start)}`,
      lines,
    }
  }
  const shared = own.find(
    ({ start, end }) => !startsItsLine(text, start) || !endsItsLine(text, end),
  )
  if (shared)
    return {
      kind: 'unclear',
      why: 'other code is on a line that would be removed',
      where: `${module.file}:${lineNumber(text, shared.start)}`,
      lines,
    }
  const edits = own.map(({ start, end }) => ({
    start: lineStart(text, start),
    end: nextLineStart(text, end),
    text: '',
  }))
  return { kind: 'edited', text: applyEdits(text, edits), lines }
}

interface Mount {
  readonly imports: readonly Node[]
  /** Local names of what the two lines import. */
  readonly names: readonly string[]
  /** `app.use(ath(athConfig))`, alone in its statement. */
  readonly statement: Node | undefined
}

function findMount(module: SourceModule): Mount | undefined {
  const names = [...module.imports].filter(
    ([, { from }]) => from.startsWith(`${serverPackage}/`) || configName.test(from),
  )
  const plugin = names.find(
    ([, { from, name }]) => from.startsWith(serverPackage) && name === 'ath',
  )
  if (!plugin) return undefined
  const body = children(module.program, 'body')
  const imports = body.filter((statement) => {
    const from =
      textOf(child(statement, 'source')) ??
      requiredModule(child(children(statement, 'declarations')[0], 'init'))
    return from !== undefined && (from.startsWith(`${serverPackage}/`) || configName.test(from))
  })
  const statement = [...everyNode(module.program)].find((node) => {
    if (node.type !== 'ExpressionStatement') return false
    const call = bare(child(node, 'expression'))
    const [given] = children(call, 'arguments')
    return (
      ['use', 'register'].includes(memberName(child(call, 'callee')) ?? '') &&
      nameOf(child(bare(given), 'callee')) === plugin[0]
    )
  })
  return { imports, names: names.map(([local]) => local), statement }
}

function writeLines(app: AppSite, configFile: string, around: Surroundings): Lines {
  const { module, framework, variable = 'app', statement } = app
  const { text } = module
  const quote = quoteOf(module)
  const end = usesSemicolons(module) ? ';' : ''
  const quoted = (value: string) => `${quote}${value}${quote}`
  const line = (name: string, from: string) =>
    module.usesImport
      ? `import { ${name} } from ${quoted(from)}${end}`
      : `const { ${name} } = require(${quoted(from)})${end}`
  const config = configSpecifier(module, configFile, around)
  const mount =
    framework === 'fastify'
      ? `${mayAwait(app, around) ? 'await ' : ''}${variable}.register(ath(athConfig))`
      : `${variable}.use(ath(athConfig))`
  return {
    imports: [line('ath', `${serverPackage}/${framework}`), line('athConfig', config)],
    mount: `${indentAt(text, statement.start)}${mount}${end}`,
  }
}

/** As the app’s own files are imported: with the ending of the output, of the source, or none. */
function configSpecifier(
  module: SourceModule,
  configFile: string,
  { modules, manifest }: Surroundings,
): string {
  const base = `./${posix.basename(configFile)}`
  if (!/\.[cm]?ts$/.test(configFile)) return base
  const used = [module, ...modules]
    .flatMap(({ imports }) => [...imports.values()])
    .map(({ from }) => from)
    .filter((from) => from.startsWith('.') && !from.endsWith('.json'))
  const asSource = used.some((from) => /\.[cm]?ts$/.test(from))
  if (asSource || (used.length === 0 && startsSources(manifest))) return base
  const asOutput = used.some((from) => /\.[cm]?js$/.test(from))
  const plain = used.length === 0 ? manifest.type !== 'module' : !asOutput
  // `.mts` and `.cts` are found by their whole name only.
  return plain && configFile.endsWith('.config.ts')
    ? base.replace(/\.ts$/, '')
    : base.replace(/ts$/, 'js')
}

/** Whether Node itself runs the TypeScript files, which then import each other by their own names. */
const startsSources = ({ scripts = {} }: Manifest) =>
  Object.values(scripts).some(
    (script) =>
      /\bnode\b.*\.m?ts\b/.test(script) &&
      !/tsx|ts-node|--import|--loader|--require|-r /.test(script),
  )

/** TypeScript of a package that is no module becomes CommonJS, whose top knows no `await`. */
function mayAwait({ module, inside }: AppSite, { manifest }: Surroundings): boolean {
  if (inside !== undefined) return inside === 'async'
  if (!module.usesImport || /\.c[jt]s$/.test(module.file)) return false
  return /\.(?:m?js|jsx|mts)$/.test(module.file) || manifest.type === 'module'
}

const harmless =
  /^(?:json|urlencoded|raw|text|static|helmet|cors|morgan|compression|cookieParser|bodyParser|pinoHttp|pino|logger|requestId|responseTime)$/
const bodyParsers = /^(?:json|urlencoded|raw|text|bodyParser)$/

/**
 * The last body parser that comes before anything that could refuse or answer a request: agents must reach ATH before
 * a log-in for people sends them away.
 */
function lastBodyParser({ siblings, statement }: AppSite, variable: string): Node {
  let anchor = statement
  for (const next of siblings.slice(siblings.indexOf(statement) + 1)) {
    const call = bare(child(next, 'expression'))
    const callee = child(call, 'callee')
    const isOnApp = holderName(child(callee, 'object')) === variable
    if (isOnApp && ['set', 'enable', 'disable'].includes(memberName(callee) ?? '')) continue
    if (isOnApp && memberName(callee) === 'use') {
      const made = children(call, 'arguments').map(makerName)
      if (!made.every((name) => name !== undefined && harmless.test(name))) return anchor
      if (made.some((name) => name !== undefined && bodyParsers.test(name))) anchor = next
      continue
    }
    if (mentions(next, variable)) return anchor
  }
  return anchor
}

/** `json` of `express.json()`, `bodyParser` of `bodyParser.json()`, `cors` of `cors()`. */
function makerName(argument: Node): string | undefined {
  const callee = child(bare(argument), 'callee')
  const owner = nameOf(child(callee, 'object'))
  return owner === 'bodyParser' ? owner : (memberName(callee) ?? nameOf(callee))
}

function mentions(root: Node, name: string): boolean {
  for (const node of everyNode(root)) if (holderName(node) === name) return true
  return false
}

/** The last import at the head of the file, or the last `require` before the app is made. */
function lastImport({ module, statement }: AppSite): Node | undefined {
  const body = children(module.program, 'body')
  if (module.usesImport) return body.findLast(({ type }) => type === 'ImportDeclaration')
  return body.findLast(
    (one) =>
      one.type === 'VariableDeclaration' &&
      one.end <= statement.start &&
      children(one, 'declarations').some((each) => {
        const init = child(each, 'init')
        return (
          requiredModule(init) !== undefined || requiredModule(child(init, 'object')) !== undefined
        )
      }),
  )
}

function isNamed(module: SourceModule, name: string): boolean {
  if (module.imports.has(name)) return true
  for (const node of everyNode(module.program)) if (nameOf(child(node, 'id')) === name) return true
  return false
}

function quoteOf({ program, text }: SourceModule): string {
  for (const node of everyNode(program))
    if (textOf(node) !== undefined && /["']/.test(text[node.start] ?? ''))
      return text[node.start] ?? "'"
  return "'"
}

function usesSemicolons({ program, text }: SourceModule): boolean {
  const ends = children(program, 'body').filter(({ type }) =>
    /^(?:Import|Variable|Expression)/.test(type),
  )
  return ends.filter(({ end }) => text[end - 1] === ';').length * 2 > ends.length
}

function startsItsLine(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === ''
}

const lineNumber = (text: string, offset: number) => text.slice(0, offset).split('\n').length
