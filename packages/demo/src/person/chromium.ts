import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** A browser on this machine, or a sentence that says how to get one. `CHROMIUM` names another. */
export function findChromium(say: (line: string) => void): string {
  const found = lookFor()
  if (found !== undefined) return found
  if (process.platform === 'linux' && process.getuid?.() === 0 && hasCommand('apt-get')) {
    say('no Chromium here: installing it with apt-get, once')
    install(say)
    const installed = lookFor()
    if (installed !== undefined) return installed
  }
  throw new Error(
    'no Chromium or Chrome found for --auto\n' +
      'install one (`apt-get install chromium`, `dnf install chromium`, `brew install --cask chromium`),\n' +
      'or name one (`CHROMIUM=/path/to/chrome npm run demo -- --auto`), or leave out --auto and click yourself',
  )
}

function lookFor(): string | undefined {
  const named = process.env['CHROMIUM']
  return (named ? [named] : places).find((place) => existsSync(place))
}

const hasCommand = (name: string) =>
  spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0

function install(say: (line: string) => void): void {
  // stdout belongs to `--json`: what apt says goes to stderr.
  const run = (args: readonly string[]) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0
  if (run(['install', '-y', '-qq', '--no-install-recommends', 'chromium'])) return
  if (
    !run(['update', '-qq']) ||
    !run(['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
  )
    say('apt-get could not install it')
}
