import { AthError } from '../ath-error.ts'
import type { AthTool } from './define-tools.ts'
import type { ToldSchema } from './input-schema.ts'
import { toldText } from './tool-answer.ts'

/** Zod 4, which turns JSON Schema into what the Claude Agent SDK takes. */
export interface SchemaLibrary {
  // The library's own type of a schema is as wide as JSON Schema itself.
  fromJSONSchema(schema: never): object
}

/** A tool as the Claude Agent SDK takes it. */
export interface ClaudeTool {
  name: string
  description: string
  inputSchema: Record<string, never>
  handler: (args: object, extra: unknown) => Promise<ClaudeToolResult>
}

// Not an interface: the SDK's own type takes any further member.
export type ClaudeToolResult = {
  content: { type: 'text'; text: string }[]
  isError: boolean
}

/**
 * For `createSdkMcpServer({ name, tools })` of the Claude Agent SDK (`@anthropic-ai/claude-agent-sdk` 0.3). Tools whose
 * input is not a Zod object need `z` of Zod 4: the SDK takes nothing else. Throws `ARGUMENT_INVALID` without it.
 */
export const toClaudeAgent = (tools: readonly AthTool[], z?: SchemaLibrary): ClaudeTool[] =>
  tools.map(({ name, description, inputSchema, shape, call }) => ({
    name,
    description,
    inputSchema: (shape ?? shapeOf(name, inputSchema, z)) as Record<string, never>,
    handler: async (args, extra) => {
      const { signal } = (extra ?? {}) as { readonly signal?: AbortSignal }
      const answer = await call(args, { signal })
      return { content: [{ type: 'text', text: toldText(answer) }], isError: !answer.ok }
    },
  }))

function shapeOf(name: string, schema: ToldSchema, z: SchemaLibrary | undefined): object {
  const made = z?.fromJSONSchema(schema as never)
  if (made && 'shape' in made) return Object(made.shape)
  throw new AthError('ARGUMENT_INVALID', {
    message: `the Claude Agent SDK takes Zod objects only, and the input of ${name} is none`,
    fix: 'give `z` of Zod 4, too: `toClaudeAgent(tools, z)`',
  })
}
