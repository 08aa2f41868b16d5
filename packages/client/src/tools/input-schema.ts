import { AthError } from '../ath-error.ts'

/** JSON Schema of an object: what a tool takes. */
export interface InputSchema {
  readonly type: 'object'
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly [keyword: string]: unknown
}

type Validated =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** A schema of a library that knows Standard Schema and can say itself as JSON Schema, such as a Zod 4 object. */
export interface StandardInput {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Validated | Promise<Validated>
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: 'draft-07' }) => Record<string, unknown>
    }
  }
}

export type ToolInput = InputSchema | StandardInput

/** As models are told it: every keyword that a framework asks for is there. */
export interface ToldSchema extends InputSchema {
  readonly properties: Readonly<Record<string, object>>
  readonly required: readonly string[]
}

/** Without `input` a tool takes what its path names. Throws `ARGUMENT_INVALID` for what models cannot be told. */
export function toldSchema(
  name: string,
  input: ToolInput | undefined,
  pathNames: readonly string[],
): ToldSchema {
  const bare = input === undefined ? fromNames(pathNames) : toJsonSchema(name, input)
  const { properties = {}, required = [], additionalProperties = false } = bare
  const unknown = pathNames.find((one) => !Object.hasOwn(properties, one))
  if (unknown !== undefined)
    throw new AthError('ARGUMENT_INVALID', {
      message: `the path of ${name} names \`${unknown}\`, which is not among its arguments`,
    })
  return { ...bare, properties, required, additionalProperties }
}

/**
 * What a model sent. A schema of a library checks all of it; of JSON Schema only the names are checked here, the values
 * by the service. Throws `ARGUMENT_INVALID`.
 */
export async function checkInput(
  input: ToolInput | undefined,
  { properties, required, additionalProperties }: ToldSchema,
  value: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const isChecked = input !== undefined && isStandard(input)
  const checked = isChecked ? await input['~standard'].validate(value) : { value }
  if (checked.issues) throw invalid(checked.issues.map(({ message }) => message).join('; '))
  const args = checked.value
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw invalid('the arguments are not an object')
  if (isChecked) return args as Readonly<Record<string, unknown>>
  const missing = required.find((one) => !Object.hasOwn(args, one))
  if (missing !== undefined) throw invalid(`\`${missing}\` is missing`)
  const unknown = Object.keys(args).find((one) => !Object.hasOwn(properties, one))
  if (unknown !== undefined && additionalProperties === false)
    throw invalid(`there is no argument \`${unknown}\``)
  return args as Readonly<Record<string, unknown>>
}

const invalid = (message: string) => new AthError('ARGUMENT_INVALID', { message })

function toJsonSchema(name: string, input: ToolInput): InputSchema {
  if (!isStandard(input)) return input
  const { $schema, ...schema } = input['~standard'].jsonSchema?.input({ target: 'draft-07' }) ?? {}
  if (schema['type'] === 'object') return schema as InputSchema
  throw new AthError('ARGUMENT_INVALID', {
    message: `the input of ${name} is no object that can be said as JSON Schema`,
    fix: 'give the JSON Schema itself',
  })
}

const fromNames = (names: readonly string[]): InputSchema => ({
  type: 'object',
  properties: Object.fromEntries(names.map((one) => [one, { type: 'string' }])),
  required: names,
})

export const isStandard = (input: ToolInput): input is StandardInput => '~standard' in input
