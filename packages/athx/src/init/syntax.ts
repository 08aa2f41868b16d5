import { tsPlugin } from '@sveltejs/acorn-typescript'
import { Parser } from 'acorn'

/** A node of the syntax tree (ESTree, with TypeScript's own kinds). `start` and `end` are offsets in the text. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

const TypeScriptParser = Parser.extend(tsPlugin())
const JsxParser = Parser.extend(tsPlugin({ jsx: true }))

/** Parses JavaScript or TypeScript; undefined where the text is neither. */
export function parseModule(text: string, file: string): Node | undefined {
  const parser = /\.[jt]sx$/.test(file) ? JsxParser : TypeScriptParser
  const options = { ecmaVersion: 'latest', locations: true, allowHashBang: true } as const
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return parser.parse(text, {
        ...options,
        sourceType,
        allowReturnOutsideFunction: sourceType === 'script',
      }) as unknown as Node
    } catch {
      // A script may do what a module may not (`with`, a top-level `return`); then it is read as one.
    }
  }
  return undefined
}

/** Parses JSON, for the places of its members. */
export function parseJson(text: string): Node | undefined {
  try {
    return Parser.parseExpressionAt(text, 0, { ecmaVersion: 'latest' }) as unknown as Node
  } catch {
    return undefined
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

/** A member that holds one node. */
export function child(node: Node | undefined, name: string): Node | undefined {
  const value = node?.[name]
  return isNode(value) ? value : undefined
}

/** A member that holds a list of nodes. */
export function children(node: Node | undefined, name: string): readonly Node[] {
  const value = node?.[name]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** Every node directly below, in the order of the text. */
export function below(node: Node): readonly Node[] {
  const found = Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  )
  return found.sort((one, other) => one.start - other.start)
}

/** Every node of a tree, outermost first. */
export function* everyNode(root: Node): Generator<Node> {
  yield root
  for (const node of below(root)) yield* everyNode(node)
}

export function nameOf(node: Node | undefined): string | undefined {
  return node?.type === 'Identifier' ? String(node['name']) : undefined
}

/** What something is held by: `app`, or `this.app` of a class. */
export function holderName(node: Node | undefined): string | undefined {
  const member = memberName(node)
  return member !== undefined && child(node, 'object')?.type === 'ThisExpression'
    ? `this.${member}`
    : nameOf(node)
}

/** The text of a literal, or of a template without parts. */
export function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node?.type !== 'TemplateLiteral' || children(node, 'expressions').length > 0) return undefined
  const [only] = children(node, 'quasis')
  const value = only?.['value'] as { readonly cooked?: unknown } | undefined
  return typeof value?.cooked === 'string' ? value.cooked : undefined
}

/** `name` of `object.name`, not of `object[name]`. */
export function memberName(node: Node | undefined): string | undefined {
  return node?.type === 'MemberExpression' && node['computed'] !== true
    ? nameOf(child(node, 'property'))
    : undefined
}

/** The expression without what only the type checker or `await` sees. */
export function bare(node: Node | undefined): Node | undefined {
  switch (node?.type) {
    case 'AwaitExpression':
      return bare(child(node, 'argument'))
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'ParenthesizedExpression':
    case 'ChainExpression':
      return bare(child(node, 'expression'))
    default:
      return node
  }
}

export interface FunctionNode extends Node {
  readonly type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'
}

export const isFunction = (node: Node | undefined): node is FunctionNode =>
  node?.type === 'FunctionDeclaration' ||
  node?.type === 'FunctionExpression' ||
  node?.type === 'ArrowFunctionExpression'

/** The module that `require('…')` names. */
export function requiredModule(node: Node | undefined): string | undefined {
  if (node?.type !== 'CallExpression' || nameOf(child(node, 'callee')) !== 'require')
    return undefined
  return textOf(children(node, 'arguments')[0])
}
