import type { AthTool } from './define-tools.ts'
import { toldAnswer } from './tool-answer.ts'

/** A tool as the Vercel AI SDK takes it. */
export interface AISDKTool {
  readonly description: string
  /** In Standard Schema, with its JSON Schema. */
  readonly inputSchema: {
    readonly '~standard': {
      readonly version: 1
      readonly vendor: 'ath'
      // Fits whatever type of input the SDK reckons with.
      readonly validate: (value: unknown) => { readonly value: never }
      readonly jsonSchema: {
        readonly input: () => Record<string, unknown>
        readonly output: () => Record<string, unknown>
      }
    }
  }
  readonly execute: (
    input: unknown,
    options: { readonly abortSignal?: AbortSignal | undefined },
  ) => Promise<unknown>
}

/** For `generateText({ tools })` and the like of the Vercel AI SDK (`ai` 7). */
export const toAISDK = (tools: readonly AthTool[]): Record<string, AISDKTool> =>
  Object.fromEntries(tools.map((tool) => [tool.name, toTool(tool)]))

function toTool({ description, inputSchema, call }: AthTool): AISDKTool {
  const jsonSchema = () => ({ ...inputSchema })
  return {
    description,
    inputSchema: {
      '~standard': {
        version: 1,
        vendor: 'ath',
        // The call itself checks, and tells the model what is wrong.
        validate: (value) => ({ value: value as never }),
        jsonSchema: { input: jsonSchema, output: jsonSchema },
      },
    },
    execute: async (input, { abortSignal }) =>
      toldAnswer(await call(input, { signal: abortSignal })),
  }
}
