import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readDocument } from '../config/document.ts'
import { valueAt } from '../config/issue.ts'
import { loadConfig } from '../config/load.ts'
import type { GatewayConfig } from '../config/config.ts'
import { type ConfigProblem, writeProblem } from '../config/problem.ts'
import { Complaint } from './complaint.ts'
import type { Context } from './context.ts'
import { exitCode } from './exit-code.ts'

const usualNames = ['sallyport.yaml', 'sallyport.yml']

/** `--config`, else SALLYPORT_CONFIG, else a file of the usual name in this folder. */
export function findConfigFile(context: Context): string | undefined {
  const { terminal, configFile } = context
  const named = configFile ?? (terminal.env['SALLYPORT_CONFIG'] || undefined)
  return named ?? usualNames.find((name) => existsSync(resolve(terminal.cwd, name)))
}

/** Loads the configuration, or complains with every problem in it. */
export function requireConfig(
  context: Context,
  mode: 'dev' | 'start',
  port?: number,
): GatewayConfig {
  const file = findConfigFile(context)
  if (file === undefined && mode === 'start')
    throw new Complaint(exitCode.usage, 'there is no configuration file', {
      tried: `--config, SALLYPORT_CONFIG, ${usualNames.join(' and ')} in ${context.terminal.cwd}`,
      fix: 'write one (docs: docs/reference/config.md), or try things out with: sallyport dev',
    })
  const loaded = loadConfig({
    mode,
    env: context.terminal.env,
    cwd: context.terminal.cwd,
    ...(file === undefined ? {} : { file }),
    ...(port === undefined ? {} : { port }),
  })
  if (loaded.ok) return loaded.value
  throw new ConfigComplaint(mode, loaded.error)
}

export class ConfigComplaint extends Complaint {
  readonly problems: readonly ConfigProblem[]

  constructor(mode: 'dev' | 'start', problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
    super(exitCode.usage, `the configuration has ${count}`, {
      tried: `sallyport ${mode} with ${problems[0]?.file ?? 'no file'}`,
      fix: 'mend the lines above; `sallyport check` looks again without starting anything',
    })
    this.problems = problems
  }
}

const mostProblemsShown = 100

export function writeProblems(problems: readonly ConfigProblem[]): string {
  const shown = problems.slice(0, mostProblemsShown).map((problem) => `${writeProblem(problem)}\n`)
  const hidden = problems.length - shown.length
  return shown.join('') + (hidden > 0 ? `... and ${hidden} more\n` : '')
}

/**
 * Where the gateway's data is. An operator's shell need not have the variables that the gateway was started with, so
 * nothing but `gateway.data_dir` is looked at.
 */
export function findDataDir(context: Context): string {
  const { terminal, dataDir } = context
  if (dataDir !== undefined) return resolve(terminal.cwd, dataDir)
  const file = findConfigFile(context)
  if (file === undefined) return resolve(terminal.cwd, '.sallyport')
  const path = resolve(terminal.cwd, file)
  const text = readConfigFile(path)
  const document = readDocument(text, {
    env: terminal.env,
    readFile: () => ({ ok: false, error: 'not looked at' }),
  })
  const named = valueAt(document.value, ['gateway', 'data_dir'])
  const isFaulty = document.faults.some(({ path: at }) => at.join('.') === 'gateway.data_dir')
  if (isFaulty)
    throw new Complaint(exitCode.usage, 'gateway.data_dir cannot be read', {
      tried: path,
      fix: 'see `sallyport check`, or name the folder with --data-dir',
    })
  return resolve(dirname(path), typeof named === 'string' ? named : '.sallyport')
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Complaint(exitCode.usage, 'the configuration file cannot be read', {
      tried: `${path} (${(error as NodeJS.ErrnoException).code})`,
      fix: 'name it with --config, or name the data folder with --data-dir',
    })
  }
}
