import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { consent } from './agent.ts'
import { openShop } from './native-shop.ts'
import { runScript } from './program.ts'

const shopFolder = join(import.meta.dirname, '../native-express')

/** Runs an agent as its README says, and says yes for its user: it prints what `expected.txt` and the README hold. */
export async function checkAgentProgram(t: TestContext, folder: string): Promise<void> {
  const shop = await openShop(t, shopFolder, 'start')
  const agent = await runScript(t, { folder, script: 'start', env: { SHOP: shop } })
  const [, page = ''] = await agent.says(/^.*?(http:\S+\/ath\/authorize\S+)$/m)
  await consent(page)
  assert.equal(await agent.ended, 0, agent.said())
  const expected = readFileSync(join(folder, 'expected.txt'), 'utf8')
  assert.equal(agent.stdout(), expected)
  assert.ok(readFileSync(join(folder, 'README.md'), 'utf8').includes(`\`\`\`\n${expected}\`\`\``))
}
