import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { GatewayConfig } from './config.ts'
import { crossCheck } from './cross-check.ts'
import { asRefusals, devOnlySettings } from './dev-only.ts'
import type { ExpansionSources } from './expand.ts'
import { readPinnedDids } from './pinned-did.ts'
import type { ConfigProblem, Finding } from './problem.ts'
import { readConfigText } from './read.ts'
import { resolveConfig } from './resolve.ts'
import type { ConfigFile } from './schema.ts'

export interface LoadOptions {
  readonly mode: 'dev' | 'start'
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute or relative to `cwd`. Absent: an empty configuration, which only `dev` takes. */
  readonly file?: string
  readonly cwd: string
  /** Instead of `gateway.listen.port`. */
  readonly port?: number
}

/** Reads, checks and resolves the configuration. On failure: everything that is wrong, in the order of the file. */
export function loadConfig(options: LoadOptions): Result<GatewayConfig, readonly ConfigProblem[]> {
  const path = options.file === undefined ? undefined : resolve(options.cwd, options.file)
  const folder = path === undefined ? options.cwd : dirname(path)
  const name = options.file ?? 'no configuration file'
  const text = path === undefined ? ok('version: 1\n') : readTextFile(path)
  if (!text.ok)
    return fail([
      {
        severity: 'error',
        file: name,
        line: 0,
        column: 0,
        key: '',
        problem: `cannot be read: ${text.error}`,
        fix: 'name it with --config',
      },
    ])
  const sources: ExpansionSources = {
    env: options.env,
    readFile: (named) => readTextFile(resolve(folder, named)),
  }
  const read = readConfigText(text.value, name, sources)
  if (!read.ok) return read
  const pinned = readPinnedDids(read.value.file, (named) => readTextFile(resolve(folder, named)))
  const findings = [
    ...pinned.findings,
    ...crossCheck(read.value.file),
    ...(options.mode === 'start' ? asRefusals(devOnlySettings(read.value.file)) : []),
    ...checkFiles(read.value.file, folder),
  ]
  if (findings.length > 0)
    return fail(
      findings.map(read.value.locate).sort((a, b) => a.line - b.line || a.column - b.column),
    )
  return ok(
    resolveConfig(read.value.file, {
      mode: options.mode,
      folder,
      pinnedDids: pinned.pinned,
      ...(path === undefined ? {} : { path }),
      ...(options.port === undefined ? {} : { port: options.port }),
    }),
  )
}

/** A certificate that is not there is found now, not at the first connection. */
function checkFiles(file: ConfigFile, folder: string): readonly Finding[] {
  const { tls } = file.gateway.listen
  const named: [Finding['path'], string][] = [
    ...(tls
      ? ([
          [['gateway', 'listen', 'tls', 'cert'], tls.cert],
          [['gateway', 'listen', 'tls', 'key'], tls.key],
          ...(tls.client_ca === undefined
            ? []
            : [[['gateway', 'listen', 'tls', 'client_ca'], tls.client_ca]]),
        ] as [Finding['path'], string][])
      : []),
    ...Object.entries(file.providers).flatMap(([id, { ca }]): [Finding['path'], string][] =>
      ca === undefined ? [] : [[['providers', id, 'ca'], ca]],
    ),
  ]
  return named.flatMap(([path, file]): Finding[] => {
    const text = readTextFile(resolve(folder, file))
    if (!text.ok)
      return [
        {
          path,
          problem: `cannot be read: ${text.error}`,
          fix: 'paths begin at this file’s folder',
        },
      ]
    return text.value.includes('-----BEGIN ')
      ? []
      : [{ path, problem: 'is not a PEM file', fix: 'it begins with -----BEGIN' }]
  })
}

const maxFileBytes = 1_048_576

function readTextFile(path: string): Result<string, string> {
  try {
    const { size } = statSync(path)
    if (size > maxFileBytes) return fail('it is over 1 MiB')
    return ok(readFileSync(path, 'utf8'))
  } catch (error) {
    return fail(reasonOf((error as NodeJS.ErrnoException).code))
  }
}

function reasonOf(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission'
  if (code === 'EISDIR') return 'it is a folder'
  return code ?? 'it cannot be opened'
}
