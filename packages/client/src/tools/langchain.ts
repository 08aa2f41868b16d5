import type { AthTool } from './define-tools.ts'
import type { ToldSchema } from './input-schema.ts'
import { toldText } from './tool-answer.ts'

/** `DynamicStructuredTool` of `@langchain/core/tools`: LangChain takes instances of its own only. */
export type LangChainToolClass<Tool> = new (fields: {
  name: string
  description: string
  schema: ToldSchema
  func: (
    input: unknown,
    manager?: unknown,
    config?: { readonly signal?: AbortSignal | undefined },
  ) => Promise<string>
}) => Tool

/** For `createAgent`, `ToolNode` and `bindTools` of LangChain (`@langchain/core` 1). */
export const toLangChain = <Tool>(
  tools: readonly AthTool[],
  DynamicStructuredTool: LangChainToolClass<Tool>,
): Tool[] =>
  tools.map(
    ({ name, description, inputSchema, call }) =>
      new DynamicStructuredTool({
        name,
        description,
        schema: inputSchema,
        func: async (input, _manager, config) =>
          toldText(await call(input, { signal: config?.signal })),
      }),
  )
