import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { readArguments } from './arguments.ts'
import { createJsonReporter, createTextReporter } from './report.ts'
import { expectAll, type Reporter, runSteps, type Step } from './step.ts'
import { countCells, padCells } from './width.ts'

function sink() {
  let text = ''
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString('utf8')
      done()
    },
  })
  return { out, text: () => text }
}

const step = (name: string, run: Step<undefined>['run']): Step<undefined> => ({
  name,
  title: { en: name, zh: '读取审批' },
  expected: 'fine',
  run,
})
const fine = step('fine', async () => ({ ok: true, got: '200', because: ['all is well'] }))
const thrown = step('thrown', async () => {
  throw new Error('first line\nsecond line')
})
const hanging = step('hanging', () => new Promise(() => undefined))

test('a step that throws or hangs has failed, and the next ones still run', async () => {
  const seen: string[] = []
  const reporter: Reporter = {
    begin: () => undefined,
    end: ({ name, ok, got }) => seen.push(`${name} ${ok} ${got}`),
  }
  const met = await runSteps([thrown, hanging, fine], undefined, reporter, { stepSeconds: 0.02 })
  assert.equal(met, 1)
  assert.deepEqual(seen, [
    'thrown false first line',
    'hanging false nothing within 0.02 s',
    'fine true 200',
  ])
})

test('after an interruption no step begins and none is reported', async () => {
  const interrupt = new AbortController()
  const seen: string[] = []
  const reporter: Reporter = { begin: () => undefined, end: ({ name }) => seen.push(name) }
  const interrupting = step('interrupting', async () => {
    interrupt.abort()
    return { ok: true, got: '', because: [] }
  })
  await runSteps([fine, interrupting, fine], undefined, reporter, {
    stepSeconds: 1,
    signal: interrupt.signal,
  })
  assert.deepEqual(seen, ['fine'])
})

test('the JSON report is one object a step and nothing else', async () => {
  const { out, text } = sink()
  await runSteps([fine, thrown], undefined, createJsonReporter(out), { stepSeconds: 1 })
  const lines = text().trimEnd().split('\n')
  assert.equal(lines.length, 2)
  for (const line of lines)
    assert.deepEqual(Object.keys(JSON.parse(line) as object), [
      'step',
      'name',
      'ok',
      'expected',
      'got',
      'ms',
    ])
})

test('the text report says what was expected only where it was not met', async () => {
  const { out, text } = sink()
  await runSteps([fine, thrown], undefined, createTextReporter(out, 'en', false), {
    stepSeconds: 1,
  })
  assert.match(text(), /^ 1 fine +200 +ok \d+ ms\n {3}all is well\n 2 thrown +first line +FAILED/)
  assert.equal(text().match(/expected fine/g)?.length, 1)
})

test('an expectation with a broken part names the part', () => {
  assert.equal(expectAll('200', { 'the body is whole': true }).ok, true)
  const finding = expectAll('200', { 'the body is whole': true, 'no cookie came': false })
  assert.equal(finding.ok, false)
  assert.deepEqual(finding.because, ['not so: no cookie came'])
})

test('Chinese text is aligned by the cells it takes', () => {
  assert.equal(countCells('读取 OA'), 7)
  assert.equal(padCells('读取', 6), '读取  ')
})

test('a wrong command line is said in one line', () => {
  assert.deepEqual(readArguments(['--auto', '--json']), {
    auto: true,
    json: true,
    lang: 'en',
    help: false,
  })
  assert.equal(readArguments(['--lang', 'fr']), '--lang is en or zh, not `fr`')
  assert.equal(typeof readArguments(['--fast']), 'string')
})
