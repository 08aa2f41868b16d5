import { toAISDK } from '@ath-protocol/client/tools'
import { generateText, isStepCount } from 'ai'
import { scriptedModel } from './model.ts'
import { withShop } from './session.ts'
import { shopTools } from './tools.ts'

await withShop(async (session) => {
  const { text } = await generateText({
    model: process.env['MODEL'] ?? scriptedModel,
    tools: toAISDK(shopTools(session)),
    prompt: 'Buy me some tea.',
    stopWhen: isStepCount(10),
  })
  console.log(text)
})
