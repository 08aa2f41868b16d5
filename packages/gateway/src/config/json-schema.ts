import { z } from 'zod'
import { configSchema } from './schema.ts'

/** As much of JSON Schema as the configuration's own schema uses. */
export interface SchemaNode {
  readonly type?: string
  readonly title?: string
  readonly range?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly writeOnly?: boolean
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: SchemaNode | boolean
  readonly propertyNames?: SchemaNode
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
}

/** The schema of what is written in the file, before defaults and units. */
export const fileSchema = z.toJSONSchema(configSchema, { io: 'input' }) as unknown as SchemaNode

/**
 * The JSON Schema for editors and CI. Every single value may also be a `${…}` reference, which editors would else mark
 * as wrong.
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sallyport configuration',
    ...(withReferences({ ...fileSchema, $schema: undefined } as SchemaNode) as object),
  }
}

const reference = { type: 'string', pattern: '\\$\\{[^}]+\\}' }

function withReferences(node: SchemaNode): unknown {
  if (node.properties || node.items || node.anyOf || node.oneOf || node.type === 'object')
    return eachChild(node)
  const { description, default: preset, range, ...rest } = node
  const isFixed = rest.const !== undefined
  const isFreeText = rest.type === 'string' && !rest.pattern && !rest.enum
  const notes = {
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
  }
  if (isFixed || isFreeText) return { ...notes, ...rest }
  return { ...notes, anyOf: [rest, reference] }
}

function eachChild(node: SchemaNode): unknown {
  const { properties, items, anyOf, oneOf, additionalProperties, ...rest } = node
  return {
    ...rest,
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, child]) => [key, withReferences(child)]),
          ),
        }
      : {}),
    ...(items ? { items: withReferences(items) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(withReferences) } : {}),
    ...(oneOf ? { oneOf: oneOf.map(withReferences) } : {}),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'boolean'
              ? additionalProperties
              : withReferences(additionalProperties),
        }),
  }
}

/** The schema of the value at a path. Where the schema branches, `value` (the whole file) says which branch is meant. */
export function schemaAt(
  path: readonly (string | number)[],
  value: unknown,
): SchemaNode | undefined {
  let node: SchemaNode | undefined = fileSchema
  let here = value
  for (const part of path) {
    // An unknown kind is still a kind: it may be shown.
    node = node && (branch(node, here) ?? (part === 'kind' ? node.oneOf?.[0] : undefined))
    if (!node) return undefined
    const below: SchemaNode | boolean | undefined =
      typeof part === 'number'
        ? node.items
        : ((Object.hasOwn(node.properties ?? {}, part) ? node.properties?.[part] : undefined) ??
          node.additionalProperties)
    node = typeof below === 'object' ? below : undefined
    here = (here as Readonly<Record<string, unknown>> | null | undefined)?.[part]
  }
  return node && branch(node, here)
}

function branch(node: SchemaNode, value: unknown): SchemaNode | undefined {
  const branches = node.oneOf ?? node.anyOf
  if (!branches) return node
  if (Array.isArray(value)) return branches.find((candidate) => candidate.type === 'array')
  if (typeof value !== 'object' || value === null)
    return branches.find((candidate) => candidate.type !== 'object')
  const keys = Object.keys(value)
  const kind = (value as { readonly kind?: unknown }).kind
  return branches
    .filter((candidate) => candidate.type === 'object')
    .filter((candidate) => !node.oneOf || candidate.properties?.['kind']?.const === kind)
    .map((candidate) => ({
      candidate,
      shared: keys.filter((key) => Object.hasOwn(candidate.properties ?? {}, key)).length,
    }))
    .sort((left, right) => right.shared - left.shared)[0]?.candidate
}
