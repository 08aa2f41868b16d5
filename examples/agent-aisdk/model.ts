import { MockLanguageModelV4 } from 'ai/test'
import { lastWords, script } from './script.ts'

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

/** A model that follows the script: no key, no network. */
export const scriptedModel = new MockLanguageModelV4({
  doGenerate: [
    ...script.map(({ name, args }, index) => ({
      content: [
        {
          type: 'tool-call' as const,
          toolCallId: `call_${index}`,
          toolName: name,
          input: JSON.stringify(args),
        },
      ],
      finishReason: { unified: 'tool-calls' as const, raw: undefined },
      usage,
      warnings: [],
    })),
    {
      content: [{ type: 'text' as const, text: lastWords }],
      finishReason: { unified: 'stop' as const, raw: undefined },
      usage,
      warnings: [],
    },
  ],
})
