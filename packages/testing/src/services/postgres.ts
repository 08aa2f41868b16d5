import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, runService, type Service, serviceFolder } from './service.ts'

/** The password of the user `postgres` of every server that `startPostgres` starts. */
export const postgresPassword = 'not-a-secret'

/**
 * A private PostgreSQL on a free port of 127.0.0.1, with an empty database `postgres`. It is not synced to disk: what is
 * committed survives the death of the server, not that of the machine.
 */
export async function startPostgres(): Promise<Service> {
  const dir = serviceFolder('postgres')
  const owner = unprivileged()
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, postgresPassword)
  if (owner) for (const path of [dir, passwordFile]) chownSync(path, owner.uid, owner.gid)
  const data = join(dir, 'data')
  execFileSync(
    program('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile].concat([
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ]),
    { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'], ...owner },
  )
  const port = await freePort()
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories=']
    .concat(['shared_buffers=16MB', 'max_connections=60', 'logging_collector=off'])
    .flatMap((setting) => ['-c', setting])
  return runService(`postgresql://postgres:${postgresPassword}@127.0.0.1:${port}/postgres`, dir, {
    command: program('postgres'),
    args: ['-D', data, '-p', String(port), ...settings],
    ready: /database system is ready to accept connections/,
    // Fast shutdown: those connected are disconnected.
    stopSignal: 'SIGINT',
    ...owner,
  })
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) =>
    ['postgres', 'nobody'].flatMap((user) => {
      try {
        return [Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }))]
      } catch {
        return []
      }
    })[0]
  const [uid, gid] = [id('-u'), id('-g')]
  if (uid === undefined || gid === undefined)
    throw new Error('PostgreSQL does not run as root, and there is neither `postgres` nor `nobody`')
  return { uid, gid }
}

/** Debian keeps the programs of each version apart, out of PATH; the newest is last. */
function program(name: string): string {
  return (
    globSync(`/usr/lib/postgresql/*/bin/${name}`)
      .filter((file) => existsSync(file))
      .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
      .at(-1) ?? name
  )
}
