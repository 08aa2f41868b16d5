import { parseJson } from '../answer.ts'
import type { AthTool } from './define-tools.ts'
import { toldText } from './tool-answer.ts'

/** A function tool as the OpenAI Agents SDK takes it. */
export interface OpenAITool {
  readonly type: 'function'
  name: string
  description: string
  parameters: {
    type: 'object'
    properties: Record<string, object>
    required: string[]
    additionalProperties: true
  }
  strict: boolean
  invoke: (
    context: unknown,
    input: string,
    details?: { readonly signal?: AbortSignal | undefined },
  ) => Promise<string>
  needsApproval: () => Promise<boolean>
  isEnabled: () => Promise<boolean>
}

/** For `new Agent({ tools })` of the OpenAI Agents SDK (`@openai/agents` 0.20). */
export const toOpenAI = (tools: readonly AthTool[]): OpenAITool[] =>
  tools.map(({ name, description, inputSchema, call }) => ({
    type: 'function',
    name,
    description,
    parameters: {
      ...inputSchema,
      properties: { ...inputSchema.properties },
      required: [...inputSchema.required],
      // What the schema itself says goes to the model; the type has two variants only.
      additionalProperties: inputSchema.additionalProperties as true,
    },
    strict: false,
    invoke: async (_context, input, details) =>
      toldText(await call(parseJson(input) ?? (input || undefined), { signal: details?.signal })),
    needsApproval: async () => false,
    isEnabled: async () => true,
  }))
