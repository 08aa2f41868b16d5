import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../../gateway/src/main.ts', import.meta.url))
const readySeconds = 30

/** Starts `sallyport dev` and resolves when it is ready, with how to end it. */
export async function startGatewayProcess(
  configFile: string,
  address: string,
): Promise<() => Promise<void>> {
  const child = spawn(
    process.execPath,
    ['--conditions=sallyport-source', entry, 'dev', '--config', configFile],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)))
  const ended = new Promise((resolve) => child.once('close', resolve))
  // Whatever becomes of this process, no gateway is left behind.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    kill()
    await ended
  }
  for (const deadline = Date.now() + readySeconds * 1000; ; await sleep(50)) {
    const ready = await fetch(`${address}/health/ready`).catch(() => undefined)
    await ready?.body?.cancel()
    if (ready?.ok) return stop
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(`the gateway did not start:\n${said}`)
    }
  }
}
