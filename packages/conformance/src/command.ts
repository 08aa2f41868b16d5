import { readFileSync, writeFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { allChecks } from './checks/all.ts'
import { createCommand, type Options } from './options.ts'
import { prepare, type Surroundings } from './prepare.ts'
import { renderReport } from './report/json.ts'
import { renderFinding, renderList, renderSummary } from './report/text.ts'
import { rows } from './rows/rows.ts'
import { readExpectedFailures } from './run/expected-failures.ts'
import { type Finding, isBad } from './run/finding.ts'
import { run } from './run/run.ts'
import { selectRows } from './run/select.ts'
import { createSubject } from './subject/subject.ts'
import { UnreachableError, UsageError } from './usage-error.ts'

export interface Io extends Surroundings {
  /** For results. */
  write(text: string): void
}

/** The whole command; gives its exit code. */
export async function runCommand(argv: readonly string[], io: Io): Promise<0 | 1 | 2 | 3> {
  try {
    const command = createCommand().configureOutput({
      writeOut: (text) => io.write(text),
      writeErr: (text) => io.say(text.trimEnd()),
    })
    command.parse(argv, { from: 'user' })
    return await examine(command.opts<Options & Record<string, unknown>>(), io)
  } catch (cause) {
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : 2
    if (cause instanceof UsageError || cause instanceof UnreachableError) {
      io.say(`conformance: ${cause.message}`)
      return cause instanceof UsageError ? 2 : 3
    }
    throw cause
  }
}

async function examine(options: Options, io: Io): Promise<0 | 1 | 3> {
  const known = new Set(rows.map(({ id }) => id))
  const unknown = options.only.find((id) => !known.has(id))
  if (unknown !== undefined)
    throw new UsageError(`--only: there is no row ${unknown}; --list shows them`)
  if (options.list) {
    io.write(renderList(rows))
    return 0
  }
  const { handshake, only, expectedFailures: file } = options
  const expectedFailures =
    file === undefined ? new Set<string>() : readExpectedFailures(readList(file), known, file)
  const { settings, close } = await prepare(options, io)
  try {
    const chosen = selectRows(rows, { mode: settings.mode, handshake, only })
    if (chosen.length === 0)
      throw new UsageError(
        `--only ${only.join(',')}: none of these is of the ${handshake} handshake in ${settings.mode} mode; see --list, and --handshake`,
      )
    const unseen = chosen.filter(({ seen }) => 'unseen' in seen)
    io.say(`${settings.base}: ${settings.mode} mode, ${handshake} handshake, ${chosen.length} rows`)
    const findings: Finding[] = []
    const subject = createSubject(settings)
    for await (const finding of run({
      subject,
      rows: chosen,
      checks: allChecks,
      expectedFailures,
    })) {
      findings.push(finding)
      io.write(renderFinding(finding))
    }
    io.write(renderSummary(findings, unseen.length))
    if (options.json !== undefined) {
      const about = { url: settings.base, mode: settings.mode, handshake, at: new Date() }
      writeFileSync(options.json, renderReport(about, findings, unseen))
    }
    return findings.some(isBad) ? 1 : 0
  } finally {
    await close()
  }
}

function readList(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : cause}`)
  }
}
