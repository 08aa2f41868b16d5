import type { GatewayConfig } from '../config/config.ts'
import { alignColumns } from './columns.ts'
import { version } from './version.ts'
import type { Style } from './terminal.ts'

export interface Ready {
  readonly config: GatewayConfig
  readonly url: string
  readonly readyInMs: number
}

/** What a person sees when the gateway is up. */
export function writeBanner({ config, url, readyInMs }: Ready, style: Style): string {
  const rows = [
    ['agents', `${url}/.well-known/ath.json`],
    ['people', `${url}/me`],
    ['data', config.dataDir],
    ...[...config.providers.values()].map(({ id, url: upstream }) => [
      id,
      `→ ${upstream.href}   ${countScopes(config, id)}`,
    ]),
  ]
  const source = config.file ?? 'no configuration file'
  return [
    `${style.bold(`sallyport ${version}`)}   ${config.mode}   ${source}\n`,
    alignColumns(rows, '  '),
    config.providers.size === 0 ? howToAddProvider : '',
    config.devDefaults.length === 0
      ? ''
      : `${style.yellow('dev permits, and `sallyport start` refuses:')}\n${config.devDefaults
          .map((sentence) => `  - ${sentence}\n`)
          .join('')}`,
    `ready in ${readyInMs} ms\n`,
  ].join('')
}

function countScopes(config: GatewayConfig, id: string): string {
  const count = config.ath.providers.get(id)?.scopes.length ?? 0
  return count === 1 ? '1 scope' : `${count} scopes`
}

const howToAddProvider = `  no provider yet: nothing can be reached. To add one, write sallyport.yaml:

    version: 1
    agents:
      - { agent: "*", allow: { oa: [oa:read] } }
    providers:
      oa:
        url: http://127.0.0.1:8080
        auth: { kind: none }
        scopes:
          oa:read: [GET /api/**]

`

/** The same for machines: the first line under \`--json\`. */
export function describeReady({ config, url, readyInMs }: Ready): object {
  return {
    event: 'ready',
    mode: config.mode,
    version,
    url,
    data_dir: config.dataDir,
    providers: [...config.providers.keys()],
    dev_defaults: config.devDefaults,
    ready_in_ms: readyInMs,
  }
}
