import { toOpenAI } from '@ath-protocol/client/tools'
import { Agent, Runner } from '@openai/agents'
import { scriptedModel } from './model.ts'
import { withShop } from './session.ts'
import { shopTools } from './tools.ts'

await withShop(async (session) => {
  const agent = new Agent({
    name: 'Shopper',
    model: process.env['MODEL'] ?? scriptedModel,
    tools: toOpenAI(shopTools(session)),
  })
  const runner = new Runner({ tracingDisabled: true })
  const { finalOutput } = await runner.run(agent, 'Buy me some tea.')
  console.log(finalOutput)
})
