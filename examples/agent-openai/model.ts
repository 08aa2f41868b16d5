import { type Model, Usage } from '@openai/agents'
import { lastWords, script } from './script.ts'

const calls = script.entries()

/** A model that follows the script: no key, no network. */
export const scriptedModel: Model = {
  async getResponse() {
    const { value } = calls.next()
    if (!value)
      return {
        usage: new Usage(),
        output: [
          {
            type: 'message',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: lastWords }],
          },
        ],
      }
    const [index, { name, args }] = value
    return {
      usage: new Usage(),
      output: [
        {
          type: 'function_call',
          callId: `call_${index}`,
          name,
          arguments: JSON.stringify(args),
          status: 'completed',
        },
      ],
    }
  },
  getStreamedResponse() {
    throw new Error('the script does not stream')
  },
}
