import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { createProcesses, nodeCommand } from './processes.ts'

const says = (code: string) => [...nodeCommand, '-e', code]

test('what a run started and made is gone when it is over', async () => {
  const processes = createProcesses(undefined)
  const running = processes.start(
    says('console.log(JSON.stringify({ ready: true })); setInterval(() => {}, 1000)'),
    'proxy',
  )
  assert.deepEqual(await running.nextLine(), { ready: true })
  assert.ok(existsSync(processes.folder))
  await processes.stopAll()
  assert.throws(() => process.kill(running.pid, 0), { code: 'ESRCH' })
  assert.equal(existsSync(processes.folder), false)
})

test('a process that ends before it said what was awaited is a failure that shows its words', async () => {
  const processes = createProcesses(undefined)
  const running = processes.start(says('console.error("no port left"); process.exit(3)'), 'load')
  await assert.rejects(running.nextLine(), /no port left/)
  await assert.rejects(running.output(), /failed \(3\)/)
  await processes.stopAll()
})
