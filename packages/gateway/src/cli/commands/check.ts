import type { Command } from 'commander'
import { summarize, writeSummary } from '../../config/summary.ts'
import { addCommand } from '../command.ts'
import { answer } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import { ConfigComplaint, requireConfig, writeProblems } from '../find-config.ts'
import type { Act } from '../program.ts'

export function addCheckCommand(program: Command, act: Act): void {
  addCommand(program, {
    usage: 'check [file]',
    summary: 'check the configuration, and show who reaches what',
    examples: [
      ['sallyport check', 'is sallyport.yaml here fit for sallyport start?'],
      ['sallyport check gateway.yaml --dev', 'is it fit for sallyport dev?'],
      ['sallyport check --json', 'the same for CI; exit status 3 when it is not'],
    ],
    next: 'sallyport start',
  })
    .option('--dev', 'by the rules of `dev`, which permits more')
    .action(
      act((context, file: string | undefined, options: { readonly dev?: boolean }) => {
        const here = file === undefined ? context : { ...context, configFile: file }
        const mode = options.dev === true ? 'dev' : 'start'
        try {
          const summary = summarize(requireConfig(here, mode))
          answer(here, { ok: true, ...summary }, writeSummary(summary))
          return exitCode.ok
        } catch (error) {
          if (!(error instanceof ConfigComplaint)) throw error
          const { problems } = error
          answer(here, { ok: false, problems }, writeProblems(problems))
          return exitCode.usage
        }
      }),
    )
}
