import { bare, child, memberName, type Node, nameOf, requiredModule } from './syntax.ts'

/** The frameworks that ATH is plugged into by one line. */
export type Framework = 'express' | 'fastify' | 'hono'

export const frameworks: readonly Framework[] = ['express', 'fastify', 'hono']

/** Where a name of a module comes from. */
export interface Imported {
  readonly from: string
  /** `default`, `*`, or the exported name. */
  readonly name: string
}

export type Imports = ReadonlyMap<string, Imported>

const honoModules = /^hono(?:\/(?:tiny|quick))?$/

/** Which framework's app an expression makes: `express()`, `Fastify({ … })`, `new Hono()`. */
export function appMadeBy(expression: Node | undefined, imports: Imports): Framework | undefined {
  const made = bare(expression)
  const callee = child(made, 'callee')
  if (made?.type === 'NewExpression') {
    const imported = imports.get(nameOf(callee) ?? '')
    if (imported?.name === 'Hono' && honoModules.test(imported.from)) return 'hono'
    return imported?.name === 'OpenAPIHono' && imported.from === '@hono/zod-openapi'
      ? 'hono'
      : undefined
  }
  if (made?.type !== 'CallExpression') return undefined
  // A type provider changes the type of the app and nothing else.
  if (memberName(callee) === 'withTypeProvider') return appMadeBy(child(callee, 'object'), imports)
  const required = requiredModule(callee)
  if (required === 'express' || required === 'fastify') return required
  const imported = imports.get(nameOf(callee) ?? '')
  if (imported?.from === 'express' && ['default', '*'].includes(imported.name)) return 'express'
  if (imported?.from === 'fastify' && ['default', '*', 'fastify'].includes(imported.name))
    return 'fastify'
  return undefined
}

/** `express.Router()`, `Router()`: something with routes that is mounted elsewhere. */
export function isRouterMadeBy(expression: Node | undefined, imports: Imports): boolean {
  const made = bare(expression)
  if (made?.type !== 'CallExpression' && made?.type !== 'NewExpression') return false
  const callee = child(made, 'callee')
  const owner = imports.get(nameOf(child(callee, 'object')) ?? '')
  if (memberName(callee) === 'Router')
    return owner?.from === 'express' || requiredModule(child(callee, 'object')) === 'express'
  const imported = imports.get(nameOf(callee) ?? '')
  return imported?.from === 'express' && imported.name === 'Router'
}
