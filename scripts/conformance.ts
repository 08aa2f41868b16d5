import { type Handshake, runCommand } from '@ath-protocol/conformance'
import { startGateway } from '../packages/conformance/test/subjects/gateway.ts'
import type { RunningSubject } from '../packages/conformance/test/subjects/subject.ts'

const help = `npm run conformance [-- <option of the suite> ...]

Starts each server of this repository that speaks ATH, and runs the conformance suite against it with each handshake
that it offers. Options are handed to the suite: npm run conformance -- --only R45 --json evidence.json
The exit code is 0 only when no row failed anywhere.
`

interface Combination {
  readonly start: () => Promise<RunningSubject>
  readonly handshakes: readonly Handshake[]
}

const combinations: readonly Combination[] = [
  { start: () => startGateway(), handshakes: ['two-phase', 'nine-step'] },
]

async function main(given: readonly string[]): Promise<number> {
  if (given.includes('--help')) {
    process.stdout.write(help)
    return 0
  }
  const table: string[] = []
  let worst = 0
  for (const { start, handshakes } of combinations) {
    const subject = await start()
    try {
      for (const handshake of handshakes) {
        let last = ''
        const code = await runCommand([...subject.options(handshake), ...given], {
          stdin: process.stdin,
          env: process.env,
          say: (line) => void process.stderr.write(`${line}\n`),
          write: (text) => {
            last = text.trimEnd().split('\n').at(-1) ?? ''
            process.stdout.write(text)
          },
        })
        table.push(`${code === 0 ? '✔' : '✖'} ${subject.name}, ${handshake}: ${last}`)
        worst = Math.max(worst, code)
      }
    } finally {
      await subject.close()
    }
  }
  process.stdout.write(`\n${table.join('\n')}\n`)
  return worst
}

process.exitCode = await main(process.argv.slice(2))
