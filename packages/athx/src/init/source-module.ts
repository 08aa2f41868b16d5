import type { Imported } from './framework.ts'
import {
  child,
  children,
  everyNode,
  memberName,
  type Node,
  nameOf,
  parseModule,
  requiredModule,
  textOf,
} from './syntax.ts'

/** One source file of the app, parsed, with the names it takes from elsewhere and gives to others. */
export interface SourceModule {
  /** Relative to the app’s folder, with forward slashes. */
  readonly file: string
  readonly text: string
  readonly program: Node
  /** Whether it is written with `import` and `export`. */
  readonly usesImport: boolean
  readonly imports: ReadonlyMap<string, Imported>
  /** Exported name (`default` for the module itself) → the expression or declaration it stands for. */
  readonly exports: ReadonlyMap<string, Node>
}

export function readSourceModule(file: string, text: string): SourceModule | undefined {
  const program = parseModule(text, file)
  if (!program) return undefined
  const body = children(program, 'body')
  return {
    file,
    text,
    program,
    usesImport: body.some(({ type }) => /^(?:Import|Export)/.test(type)),
    imports: readImports(program),
    exports: readExports(body),
  }
}

function readImports(program: Node): ReadonlyMap<string, Imported> {
  const imports = new Map<string, Imported>()
  for (const statement of children(program, 'body')) {
    const from = textOf(child(statement, 'source'))
    if (statement.type === 'ImportDeclaration' && from !== undefined)
      for (const specifier of children(statement, 'specifiers')) {
        const local = nameOf(child(specifier, 'local'))
        if (local) imports.set(local, { from, name: importedName(specifier) })
      }
    // import express = require('express')
    const external = child(child(statement, 'moduleReference'), 'expression')
    const alias = nameOf(child(statement, 'id'))
    if (statement.type === 'TSImportEqualsDeclaration' && alias && external)
      imports.set(alias, { from: textOf(external) ?? '', name: 'default' })
  }
  for (const node of everyNode(program)) {
    const from = requiredModule(child(node, 'init'))
    const inner = child(node, 'init')
    // const Router = require('express').Router
    const picked = memberName(inner)
    const pickedFrom = requiredModule(child(inner, 'object'))
    const id = child(node, 'id')
    const name = nameOf(id)
    if (node.type !== 'VariableDeclarator') continue
    if (picked && pickedFrom && name) imports.set(name, { from: pickedFrom, name: picked })
    if (from === undefined) continue
    if (name) imports.set(name, { from, name: 'default' })
    for (const property of children(id, 'properties')) {
      const local = nameOf(child(property, 'value'))
      const key = nameOf(child(property, 'key'))
      if (local && key) imports.set(local, { from, name: key })
    }
  }
  return imports
}

function importedName(specifier: Node): string {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default'
  if (specifier.type === 'ImportNamespaceSpecifier') return '*'
  const imported = child(specifier, 'imported')
  return nameOf(imported) ?? textOf(imported) ?? ''
}

function readExports(body: readonly Node[]): ReadonlyMap<string, Node> {
  const exports = new Map<string, Node>()
  for (const statement of body) {
    const declaration = child(statement, 'declaration')
    if (statement.type === 'ExportDefaultDeclaration' && declaration)
      exports.set('default', declaration)
    if (statement.type === 'TSExportAssignment') {
      const expression = child(statement, 'expression')
      if (expression) exports.set('default', expression)
    }
    if (statement.type === 'ExportNamedDeclaration') {
      const declared = nameOf(child(declaration, 'id'))
      if (declared && declaration) exports.set(declared, declaration)
      for (const one of children(declaration, 'declarations')) {
        const name = nameOf(child(one, 'id'))
        const id = child(one, 'id')
        if (name && id) exports.set(name, id)
      }
      for (const specifier of children(statement, 'specifiers')) {
        const [exported, local] = [nameOf(child(specifier, 'exported')), child(specifier, 'local')]
        if (exported && local) exports.set(exported, local)
      }
    }
    readCommonExport(statement, exports)
  }
  return exports
}

/** `module.exports = x`, `module.exports = { x }`, `exports.x = x`, `module.exports.x = x`. */
function readCommonExport(statement: Node, exports: Map<string, Node>): void {
  const assignment = child(statement, 'expression')
  if (assignment?.type !== 'AssignmentExpression') return
  const [target, value] = [child(assignment, 'left'), child(assignment, 'right')]
  const member = memberName(target)
  if (!value || !member) return
  const owner = child(target, 'object')
  if (member === 'exports' && nameOf(owner) === 'module') {
    exports.set('default', value)
    for (const property of children(value, 'properties')) {
      const [key, held] = [nameOf(child(property, 'key')), child(property, 'value')]
      if (key && held) exports.set(key, held)
    }
  } else if (nameOf(owner) === 'exports' || memberName(owner) === 'exports')
    exports.set(member, value)
}
