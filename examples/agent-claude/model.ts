import type { McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { lastWords, script } from './script.ts'

/** Stands in for Claude, which the SDK runs as a program of its own: calls the same tools in the same way, by MCP. */
export async function runScript({ instance }: McpSdkServerConfigWithInstance): Promise<string> {
  const client = new Client({ name: 'scripted', version: '1.0.0' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await instance.connect(far)
  await client.connect(near)
  for (const { name, args } of script) await client.callTool({ name, arguments: args })
  await client.close()
  return lastWords
}
