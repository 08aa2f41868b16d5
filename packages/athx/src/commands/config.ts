import type { CommandSpec } from '../command-spec.ts'
import { columns } from '../output/shown.ts'
import { readMode } from '../place.ts'
import { environmentOf, findSource } from '../setting-source.ts'
import { findSetting, settingNames, writeConfig } from '../state/config-file.ts'

export const config: CommandSpec = {
  usage: 'config',
  summary: 'Keep settings, so that they need not be typed again. None of them is a secret.',
  examples: [
    'athx config set gateway https://gw.example',
    'athx config set-gateway prod https://gw.example && athx discover --gateway prod',
    'athx config show',
  ],
  next: 'athx doctor',
  commands: [
    {
      usage: 'show',
      summary: 'Show every setting and where it comes from.',
      examples: ['athx config show', 'athx config show --json', 'ATH_GATEWAY=… athx config show'],
      next: 'athx config set <name> <value>',
      run: async (context) => {
        const { home, out } = context
        const found = settingNames.map((name) => ({ name, ...findSource(context, name) }))
        await out.result(
          {
            directory: home,
            settings: Object.fromEntries(found.map(({ name, value }) => [name, value])),
            gateways: context.config.gateways,
          },
          [
            `directory  ${home}`,
            columns(
              found.map(({ name, value, source }) => [
                name,
                value ?? '-',
                source ?? `(flag, ${environmentOf[name]} or config)`,
              ]),
            ),
            ...Object.entries(context.config.gateways).map(
              ([name, url]) => `gateway ${name}  ${url}`,
            ),
          ].join('\n'),
        )
      },
    },
    {
      usage: 'get <name>',
      summary: 'Print one setting.',
      examples: ['athx config get gateway', 'athx config get agent-id', 'athx config get key-path'],
      next: 'athx config set <name> <value>',
      run: async (context, [name = '']) => {
        const found = findSource(context, findSetting(name))
        if (!found) return 1
        await context.out.result(found, found.value)
        return 0
      },
    },
    {
      usage: 'set <name> <value>',
      summary: 'Keep one setting.',
      examples: [
        'athx config set gateway https://gw.example',
        'athx config set service http://localhost:3000',
        'athx config set format json',
      ],
      next: 'athx config show',
      run: async ({ home, config, out }, [name = '', value = '']) => {
        const setting = findSetting(name)
        if (setting === 'mode') readMode(value)
        await writeConfig(home, { ...config, settings: { ...config.settings, [setting]: value } })
        out.say(`${setting} = ${value}`)
      },
    },
    {
      usage: 'unset <name>',
      summary: 'Forget one setting.',
      examples: [
        'athx config unset gateway',
        'athx config unset format',
        'athx config unset key-id',
      ],
      next: 'athx config show',
      run: async ({ home, config }, [name = '']) => {
        const { [findSetting(name)]: _gone, ...settings } = config.settings
        await writeConfig(home, { ...config, settings })
      },
    },
    {
      usage: 'set-gateway <name> <url>',
      summary: 'Give a gateway a short name for --gateway.',
      examples: [
        'athx config set-gateway prod https://gw.example',
        'athx config set-gateway local http://127.0.0.1:7080',
        'athx status --gateway prod',
      ],
      next: 'athx config set gateway <name>',
      run: async ({ home, config, out }, [name = '', url = '']) => {
        await writeConfig(home, { ...config, gateways: { ...config.gateways, [name]: url } })
        out.say(`${name} = ${url}`)
      },
    },
    {
      usage: 'init',
      summary: 'Make the directory and an empty config file.',
      examples: ['athx config init', 'ATHX_HOME=./state athx config init', 'athx config show'],
      next: 'athx config set gateway <url>',
      run: async ({ home, config, out }) => {
        await writeConfig(home, config)
        await out.result({ directory: home }, home)
      },
    },
  ],
}
