import { toLangChain } from '@ath-protocol/client/tools'
import {
  type AIMessage,
  type BaseMessage,
  HumanMessage,
  type ToolMessage,
} from '@langchain/core/messages'
import { DynamicStructuredTool } from '@langchain/core/tools'
import { scriptedModel } from './model.ts'
import { withShop } from './session.ts'
import { shopTools } from './tools.ts'

await withShop(async (session) => {
  const tools = toLangChain(shopTools(session), DynamicStructuredTool)
  const model = scriptedModel.bindTools(tools)
  const messages: BaseMessage[] = [new HumanMessage('Buy me some tea.')]
  // What `createAgent` of the package `langchain` does with the same tools.
  for (;;) {
    const said = (await model.invoke(messages)) as AIMessage
    messages.push(said)
    if (!said.tool_calls?.length) break
    for (const call of said.tool_calls) {
      const tool = tools.find(({ name }) => name === call.name)
      const answer: unknown = await tool?.invoke({ ...call, type: 'tool_call' })
      messages.push(answer as ToolMessage)
    }
  }
  console.log(messages.at(-1)?.text)
})
