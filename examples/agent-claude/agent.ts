import { createSdkMcpServer, query } from '@anthropic-ai/claude-agent-sdk'
import { toClaudeAgent } from '@ath-protocol/client/tools'
import { z } from 'zod'
import { runScript } from './model.ts'
import { withShop } from './session.ts'
import { shopTools } from './tools.ts'

await withShop(async (session) => {
  const shop = createSdkMcpServer({ name: 'shop', tools: toClaudeAgent(shopTools(session), z) })
  const model = process.env['MODEL']
  if (model === undefined) return console.log(await runScript(shop))
  for await (const message of query({
    prompt: 'Buy me some tea.',
    options: { model, mcpServers: { shop }, allowedTools: ['mcp__shop__*'] },
  }))
    if (message.type === 'result' && message.subtype === 'success') console.log(message.result)
})
