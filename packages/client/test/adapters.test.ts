import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthError } from '@ath-protocol/client'
import { toAISDK, toClaudeAgent, toLangChain, toOpenAI } from '@ath-protocol/client/tools'
import { createSdkMcpServer } from '@anthropic-ai/claude-agent-sdk'
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'
import { DynamicStructuredTool } from '@langchain/core/tools'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { Agent, type Model, Runner, Usage } from '@openai/agents'
import { generateText, isStepCount } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { z } from 'zod'
import { expected, expectedCalls, script, setUpTools } from './tool-shop.ts'

test('the Vercel AI SDK tells the model the tools, runs them, and brings back answers and refusals', async (t) => {
  const { tools, called } = await setUpTools(t)
  const usage = {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  }
  const model = new MockLanguageModelV4({
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
        content: [{ type: 'text' as const, text: 'done' }],
        finishReason: { unified: 'stop' as const, raw: undefined },
        usage,
        warnings: [],
      },
    ],
  })
  const result = await generateText({
    model,
    tools: toAISDK(tools),
    prompt: 'buy tea',
    stopWhen: isStepCount(10),
  })
  assert.equal(result.text, 'done')
  assert.deepEqual(
    result.steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output as unknown)),
    expected,
  )
  assert.deepEqual(called, expectedCalls)
  const told = model.doGenerateCalls[0]?.tools?.map((one) =>
    one.type === 'function' ? [one.name, one.inputSchema] : one,
  )
  assert.deepEqual(
    told,
    tools.map(({ name, inputSchema }) => [name, inputSchema]),
  )
})

test('LangChain binds the tools to the model, runs them, and brings back answers and refusals', async (t) => {
  const { tools, called } = await setUpTools(t)
  const own = toLangChain(tools, DynamicStructuredTool)
  const fake = script.reduce(
    (model, { name, args }) => model.respondWithTools([{ name, args }]),
    fakeModel(),
  )
  const model = fake.respond(new AIMessage('done')).bindTools(own)
  const messages: BaseMessage[] = [new HumanMessage('buy tea')]
  const answers: unknown[] = []
  for (;;) {
    const said = (await model.invoke(messages)) as AIMessage
    messages.push(said)
    const [call] = said.tool_calls ?? []
    if (!call) break
    const message = (await own
      .find(({ name }) => name === call.name)
      ?.invoke({ ...call, type: 'tool_call' })) as unknown as BaseMessage
    assert.equal(message.getType(), 'tool')
    messages.push(message)
    answers.push(JSON.parse(message.text))
  }
  assert.deepEqual(answers, expected)
  assert.deepEqual(called, expectedCalls)
})

test('the OpenAI Agents SDK tells the model the tools, runs them, and brings back answers and refusals', async (t) => {
  const { tools, called } = await setUpTools(t)
  const requests: Parameters<Model['getResponse']>[0][] = []
  const model: Model = {
    async getResponse(request) {
      const call = script[requests.length]
      requests.push(request)
      return {
        usage: new Usage(),
        output: [
          call
            ? {
                type: 'function_call',
                callId: `call_${requests.length}`,
                name: call.name,
                arguments: JSON.stringify(call.args),
                status: 'completed',
              }
            : {
                type: 'message',
                role: 'assistant',
                status: 'completed',
                content: [{ type: 'output_text', text: 'done' }],
              },
        ],
      }
    },
    getStreamedResponse: () => assert.fail('not asked for'),
  }
  const agent = new Agent({ name: 'buyer', model, tools: toOpenAI(tools) })
  const result = await new Runner({ tracingDisabled: true }).run(agent, 'buy tea')
  assert.equal(result.finalOutput, 'done')
  const answers = result.newItems.flatMap((item) =>
    item.type === 'tool_call_output_item' ? [JSON.parse(String(item.output)) as unknown] : [],
  )
  assert.deepEqual(answers, expected)
  assert.deepEqual(called, expectedCalls)
  assert.deepEqual(
    requests[0]?.tools.map((one) => (one.type === 'function' ? [one.name, one.parameters] : one)),
    tools.map(({ name, inputSchema }) => [name, inputSchema]),
  )
})

test('the Claude Agent SDK serves the tools as its agent asks for them, and marks refusals as such', async (t) => {
  const { tools, called } = await setUpTools(t)
  const server = createSdkMcpServer({ name: 'shop', tools: toClaudeAgent(tools, z) })
  assert.equal(server.type, 'sdk')
  const client = new Client({ name: 'agent', version: '1.0.0' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.instance.connect(far)
  await client.connect(near)
  const listed = await client.listTools()
  assert.deepEqual(
    listed.tools.map(({ name }) => name),
    tools.map(({ name }) => name),
  )
  const search = listed.tools.find(({ name }) => name === 'search_products')
  assert.deepEqual(search?.inputSchema.required, ['q'])
  const order = listed.tools.find(({ name }) => name === 'place_order')
  assert.deepEqual(order?.inputSchema.required, ['product', 'count'])
  const answers: unknown[] = []
  const refused: unknown[] = []
  for (const { name, args } of script) {
    const result = await client.callTool({ name, arguments: { ...args } })
    const [content] = result.content as { readonly text: string }[]
    answers.push(JSON.parse(content?.text ?? ''))
    refused.push(result.isError)
  }
  assert.deepEqual(answers, expected)
  assert.deepEqual(refused, [false, false, false, true, true])
  assert.deepEqual(called, expectedCalls)
  await client.close()
})

test('tools in JSON Schema are refused for the Claude Agent SDK without Zod, which it needs', async (t) => {
  const { tools } = await setUpTools(t)
  assert.throws(
    () => toClaudeAgent(tools),
    (error) => error instanceof AthError && error.code === 'ARGUMENT_INVALID',
  )
  const [search] = tools
  assert.equal(toClaudeAgent(search ? [search] : []).length, 1)
})
