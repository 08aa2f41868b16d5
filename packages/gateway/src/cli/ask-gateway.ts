import { existsSync } from 'node:fs'
import type { AthAnswer } from '@ath-protocol/server'
import { adminSocketPath, overSocket } from '../admin/socket.ts'
import type { FaultView } from '../admin/view.ts'
import { Complaint } from './complaint.ts'
import type { Context } from './context.ts'
import { exitCode } from './exit-code.ts'
import { findDataDir, requireConfig } from './find-config.ts'

export interface Wish {
  readonly method: 'GET' | 'POST'
  /** Segments of the path, not yet encoded. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: object
}

/**
 * Asks the running gateway through its socket; when none runs, the same functions work on the store in this process.
 * Complains when the answer is not a success.
 */
export async function askGateway<Answer>(context: Context, wish: Wish): Promise<Answer> {
  const dataDir = findDataDir(context)
  const path = `/${wish.path.map(encodeURIComponent).join('/')}`
  const query = Object.entries(wish.query ?? {}).filter((entry): entry is [string, string] =>
    Boolean(entry[1]),
  )
  const call = {
    method: wish.method,
    path,
    query: new URLSearchParams(query),
    headers: { 'content-type': 'application/json', 'x-operator': context.terminal.userName },
    body: Buffer.from(wish.body === undefined ? '' : JSON.stringify(wish.body)),
    ip: 'local',
  }
  const socket = adminSocketPath(dataDir)
  let answer: AthAnswer
  try {
    answer = await overSocket(dataDir)(call)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ECONNREFUSED')
      throw new Complaint(exitCode.network, `the gateway cannot be reached: ${code ?? message}`, {
        tried: `${wish.method} ${path} through ${socket}`,
        fix:
          code === 'EACCES'
            ? 'run this as the user that runs the gateway'
            : 'see the log of the gateway',
      })
    answer = await askOffline(context, dataDir, call)
  }
  const body = JSON.parse(answer.body) as Answer & FaultView
  if (answer.status < 400) return body
  throw new Complaint(answer.status === 400 ? exitCode.usage : exitCode.failed, body.problem, {
    tried: `${wish.method} ${path} as operator:${context.terminal.userName}`,
    ...(body.fix === undefined ? {} : { fix: body.fix }),
  })
}

async function askOffline(
  context: Context,
  dataDir: string,
  call: Parameters<ReturnType<typeof overSocket>>[0],
): Promise<AthAnswer> {
  if (!existsSync(dataDir))
    throw new Complaint(exitCode.network, 'no gateway runs here, and none ever did', {
      tried: dataDir,
      fix: 'name its configuration with --config, or its data folder with --data-dir',
    })
  const config = { ...requireConfig(context, 'dev'), dataDir }
  const composition = await context.loadComposition()
  context.terminal.err(`the gateway is not running; working on its store in ${dataDir}\n`)
  const offline = await composition.openOffline(config)
  try {
    return await offline.adminApi(call)
  } finally {
    await offline.close()
  }
}
