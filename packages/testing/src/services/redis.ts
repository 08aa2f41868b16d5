import { freePort, runService, type Service, serviceFolder } from './service.ts'

/**
 * A private Redis on a free port of 127.0.0.1, whose every write is in its file before it is answered, or with other
 * settings.
 */
export async function startRedis(
  settings: Readonly<Record<string, string>> = { appendonly: 'yes', save: '' },
): Promise<Service> {
  const dir = serviceFolder('redis')
  const port = await freePort()
  const password = settings['requirepass']
  const auth = password === undefined ? '' : `:${password}@`
  const all = { bind: '127.0.0.1', port: String(port), dir, ...settings }
  return runService(`redis://${auth}127.0.0.1:${port}`, dir, {
    command: 'redis-server',
    args: Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    ready: /Ready to accept connections/,
    stopSignal: 'SIGTERM',
  })
}
