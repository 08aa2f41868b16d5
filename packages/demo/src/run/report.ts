import type { Writable } from 'node:stream'
import type { Language } from './arguments.ts'
import type { Reporter, StepReport } from './step.ts'
import { padCells } from './width.ts'

const titleCells = 36
const gotCells = 42

/** For people: number, what, result, time; and why below, indented. */
export function createTextReporter(out: Writable, lang: Language, color: boolean): Reporter {
  const paint = (code: number, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text)
  return {
    begin: () => undefined,
    end({ step, ok, got, expected, ms }, title, because) {
      const number = String(step).padStart(2)
      const word = ok ? paint(32, 'ok') : paint(31, lang === 'zh' ? '失败' : 'FAILED')
      out.write(
        `${number} ${padCells(title[lang], titleCells)} ${padCells(got, gotCells)} ${word} ${paint(2, `${ms} ms`)}\n`,
      )
      if (!ok) out.write(`   ${lang === 'zh' ? '应为' : 'expected'} ${expected}\n`)
      for (const line of because) out.write(line === '' ? '\n' : paint(2, `   ${line}\n`))
    },
  }
}

/** For machines: one JSON object a step. */
export function createJsonReporter(out: Writable): Reporter {
  return {
    begin: () => undefined,
    end(report: StepReport) {
      out.write(`${JSON.stringify(report)}\n`)
    },
  }
}
