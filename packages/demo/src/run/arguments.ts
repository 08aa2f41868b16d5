import { parseArgs } from 'node:util'

export interface DemoArguments {
  /** A headless browser clicks, and the demo ends by itself. */
  readonly auto: boolean
  /** One JSON object a step on stdout, all talk on stderr. */
  readonly json: boolean
  readonly lang: Language
  readonly help: boolean
}

export type Language = 'en' | 'zh'

/** Reads the command line, or says in one line what is wrong with it. */
export function readArguments(args: readonly string[]): DemoArguments | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        auto: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        lang: { type: 'string', default: 'en' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const { auto, json, lang, help } = values
    if (lang !== 'en' && lang !== 'zh') return `--lang is en or zh, not \`${lang}\``
    return { auto, json, lang, help }
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'the command line is wrong'
  }
}

export const usage = `Blue Harbour Co.: an agent reaches legacy systems through both doors

  npm run demo                        you sign in and click; everything stays up until Ctrl-C
  npm run demo -- --auto              a headless browser clicks; ends by itself
  npm run demo -- --auto --json       one JSON object a step on stdout: step, name, ok, expected, got, ms
  npm run demo -- --lang zh           中文

  --auto       no person needed; needs Chromium
  --json       machine-readable; all talk goes to stderr
  --lang       en (default) or zh
  -h, --help   this

Exit code: 0 when every expectation was met, 1 when one was not, 2 when the demo could not start, 3 for wrong usage.
`
