import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Path in the app’s folder → text. `PORT` in it stands for the port of the app. */
export type AppFiles = Readonly<Record<string, string>>

/** An app in a folder of its own that finds the packages of this repository, as an installed one would. */
export interface TestApp {
  readonly directory: string
  readonly url: string
  /** Starts a file of it with Node; resolves when it listens. Ends with the test. */
  start(file: string): Promise<void>
  /** What it wrote so far. */
  output(): string
}

export async function createTestApp(
  t: TestContext,
  files: AppFiles,
  /** In place of what is installed under a name: another version of it. */
  instead: Readonly<Record<string, string>> = {},
): Promise<TestApp> {
  const directory = await mkdtemp(join(tmpdir(), 'athx-app-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await installIn(directory, instead)
  const port = await freePort()
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), text.replaceAll('PORT', String(port)))
  }
  let output = ''
  return {
    directory,
    url: `http://localhost:${port}`,
    output: () => output,
    async start(file) {
      const child = spawn(process.execPath, ['--conditions=sallyport-source', file], {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_COMPILE_CACHE: join(tmpdir(), 'athx-test-compiled'),
        },
      })
      t.after(() => child.kill('SIGKILL'))
      const ended = once(child, 'close').then(() => {
        throw new Error(`the app ended: ${output}`)
      })
      ended.catch(() => {})
      const listening = new Promise<void>((resolve) => {
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (text: string) => {
            output += text
            if (output.includes('listening')) resolve()
          })
      })
      await Promise.race([listening, ended])
    },
  }
}

async function installIn(directory: string, instead: Readonly<Record<string, string>>) {
  const installed = join(directory, 'node_modules')
  await mkdir(installed)
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.'))
      await symlink(join(root, 'node_modules', instead[name] ?? name), join(installed, name))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
