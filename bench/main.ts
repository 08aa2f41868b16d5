import { keepResult, rootFolder } from './files.ts'
import { help, readOptions } from './options.ts'
import { renderReport } from './report.ts'
import { runBench } from './run.ts'

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options !== 'object') {
    const stream = options === undefined ? process.stdout : process.stderr
    stream.write(options === undefined ? help : `bench: ${options}\n`)
    return options === undefined ? 0 : 2
  }
  const say = (text: string) => void process.stderr.write(`bench: ${text}\n`)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => interrupt.abort(new Error(`stopped by ${signal}`)))
  const result = await runBench(options, { folder: rootFolder, say, signal: interrupt.signal })
  process.stdout.write(`\n${renderReport(result)}`)
  if (options.keep) process.stdout.write(`Raw results: ${keepResult(result)}\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
