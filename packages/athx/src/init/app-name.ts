import type { Project } from './project.ts'
import { propertyOf } from './route-map.ts'
import type { SourceModule } from './source-module.ts'
import { bare, child, children, everyNode, memberName, type Node, nameOf } from './syntax.ts'

/** `com.example.<name>` and a name for people, from package.json or the folder. */
export function guessAppName({ manifest, directory }: Project): {
  readonly appId: string
  readonly name: string
} {
  const given = manifest.name ?? directory.split(/[\\/]/).findLast((part) => part !== '') ?? ''
  const words = given
    .replace(/^@[^/]*\//, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const name = words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join(' ')
  return { appId: `com.example.${words.join('-') || 'app'}`, name: name || 'App' }
}

/** Where the app listens on this machine: the port that its source names, else 3000. */
export function guessUrl(modules: readonly SourceModule[]): string {
  for (const { program } of modules)
    for (const node of everyNode(program)) {
      const name = memberName(child(node, 'callee')) ?? nameOf(child(node, 'callee'))
      if (node.type !== 'CallExpression' || (name !== 'listen' && name !== 'serve')) continue
      const [first] = children(node, 'arguments')
      const options = children(node, 'arguments').find(({ type }) => type === 'ObjectExpression')
      const port = readPort(options ? propertyOf(options, 'port') : first, program)
      if (port !== undefined) return `http://localhost:${port}`
    }
  return 'http://localhost:3000'
}

/** `3000`, `process.env.PORT || 3000`, `Number(process.env.PORT ?? 3000)`, or a constant that is one of these. */
function readPort(node: Node | undefined, program: Node, depth = 0): number | undefined {
  const value = bare(node)
  if (!value || depth > 4) return undefined
  if (value.type === 'Literal') {
    const port = Number(value['value'])
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
  }
  if (value.type === 'LogicalExpression') return readPort(child(value, 'right'), program, depth + 1)
  if (value.type === 'CallExpression')
    return readPort(children(value, 'arguments')[0], program, depth + 1)
  const name = nameOf(value)
  if (name === undefined) return undefined
  for (const one of everyNode(program))
    if (one.type === 'VariableDeclarator' && nameOf(child(one, 'id')) === name)
      return readPort(child(one, 'init'), program, depth + 1)
  return undefined
}
