import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'

/**
 * What the tests need from the machine: a real browser, a font that has Chinese characters, and the servers of the shared
 * stores, of which every test file starts one of its own.
 */
const needs = [
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'fonts-wqy-microhei', file: '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc' },
  { name: 'postgresql', file: '/usr/lib/postgresql/*/bin/initdb' },
  { name: 'redis-server', file: '/usr/bin/redis-server' },
] as const

/** Installs what is missing when it may. Returns what is still missing afterwards. */
export function ensureDebianPackages(): readonly string[] {
  const absent = () =>
    needs.filter(({ file }) => globSync(file).length === 0).map(({ name }) => name)
  const missing = absent()
  if (missing.length === 0) return []
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return missing
  process.stderr.write(`test: installing ${missing.join(', ')} with apt-get ...\n`)
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...missing]])
    spawnSync('apt-get', ['-q', ...args], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  return absent()
}
