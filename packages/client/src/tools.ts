export { type AISDKTool, toAISDK } from './tools/ai-sdk.ts'
export {
  type ClaudeTool,
  type ClaudeToolResult,
  type SchemaLibrary,
  toClaudeAgent,
} from './tools/claude.ts'
export * from './tools/define-tools.ts'
export type { InputSchema, StandardInput, ToldSchema, ToolInput } from './tools/input-schema.ts'
export { type LangChainToolClass, toLangChain } from './tools/langchain.ts'
export { type OpenAITool, toOpenAI } from './tools/openai.ts'
export type { ToolAnswer, ToolRefusal } from './tools/tool-answer.ts'
export type { RequestPlan, ToolMethod } from './tools/tool-request.ts'
