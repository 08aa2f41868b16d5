import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createTestCertificate } from '@sallyport/testing'
import { type Handshake, rows, runCommand } from '@ath-protocol/conformance'
import { startGateway } from '../packages/conformance/test/subjects/gateway.ts'
import type { RunningSubject } from '../packages/conformance/test/subjects/subject.ts'
import { startShopSubject } from './conformance/shop.ts'
import { startNativeApp } from './conformance/native-app.ts'
import type { Surroundings } from './conformance/surroundings.ts'
import { skippedIn, unseenRows } from './conformance/unchecked.ts'

const help = `npm run conformance [-- <option of the suite> ...]

Starts each server of this repository that speaks ATH, over TLS, and runs the conformance suite against it with each
handshake that it offers. Rows that were not checked are listed at the end, with the reason. Options are handed to the
suite: npm run conformance -- --only R45 --json evidence.json
The exit code is 0 only when no row failed anywhere.
`

interface Combination {
  readonly start: (around: Surroundings) => Promise<RunningSubject>
  readonly handshakes: readonly Handshake[]
}

/** A further subject is one line: how it starts, and what it offers. */
const combinations: readonly Combination[] = [
  { start: startShopSubject, handshakes: ['two-phase', 'nine-step'] },
  { start: startGateway, handshakes: ['two-phase', 'nine-step'] },
  { start: startNativeApp, handshakes: ['two-phase', 'nine-step'] },
]

/** With `--only`, the handshakes that one of these rows is of. */
function wanted(given: readonly string[], handshakes: readonly Handshake[]): readonly Handshake[] {
  const only = given.includes('--only') ? given[given.indexOf('--only') + 1]?.split(',') : undefined
  if (!only) return handshakes
  return handshakes.filter((handshake) =>
    rows.some((row) => only.includes(row.id) && row.handshake === handshake),
  )
}

async function main(given: readonly string[]): Promise<number> {
  if (given.includes('--help')) {
    process.stdout.write(help)
    return 0
  }
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  const certificate = createTestCertificate(['localhost', '127.0.0.1'])
  // The suite asks for it, and apps call themselves by their own address.
  setDefaultCACertificates([...getCACertificates(), certificate.cert])
  const keepUserKey = (pem: string) => {
    const file = join(folder, 'user.pem')
    writeFileSync(file, pem)
    return file
  }
  const table: string[] = []
  const skipped: string[] = []
  let worst = 0
  try {
    for (const { start, handshakes } of combinations) {
      const subject = await start({ certificate, keepUserKey })
      try {
        for (const handshake of wanted(given, handshakes)) {
          let report = ''
          const code = await runCommand([...subject.options(handshake), ...given], {
            stdin: process.stdin,
            env: process.env,
            say: (line) => void process.stderr.write(`${line}\n`),
            write: (text) => {
              report += text
              process.stdout.write(text)
            },
          })
          const name = `${subject.name}, ${handshake}`
          table.push(`${code === 0 ? '✔' : '✖'} ${name}: ${report.trimEnd().split('\n').at(-1)}`)
          skipped.push(...skippedIn(report).map((row) => `– ${name}, ${row}`))
          worst = Math.max(worst, code)
        }
      } finally {
        await subject.close()
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const unseen = ['rows that no server can show from outside:', ...unseenRows(rows)]
  process.stdout.write(`\n${unseen.join('\n  ')}\n\n${[...table, ...skipped].join('\n')}\n`)
  return worst
}

process.exitCode = await main(process.argv.slice(2))
