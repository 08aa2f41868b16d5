import type { Guess } from './scope-guess.ts'

export interface ConfigSettings {
  readonly url: string
  readonly appId: string
  readonly name: string
  readonly guess: Guess
  readonly usesImport: boolean
}

/** Where the app keeps registrations, grants and tokens once it has a store that lasts: never in git. */
export const dataFolder = '.ath'

const maxLine = 100

/** The text of a new `ath.config`. Nothing in it is a secret. */
export function writeConfigText(settings: ConfigSettings): string {
  const { url, appId, name, guess, usesImport } = settings
  const first = quoted(guess.scopes[0]?.scope ?? '')
  return [
    usesImport
      ? `import { defineAth } from '@ath-protocol/server'`
      : `const { defineAth } = require('@ath-protocol/server')`,
    '',
    '// What agents may do here. A route that no scope lists is closed to them; people are not touched.',
    `${usesImport ? 'export ' : ''}const athConfig = defineAth({`,
    `  url: ${quoted(url)}, // where agents reach this app; https in production`,
    `  appId: ${quoted(appId)},`,
    `  name: ${quoted(name)},`,
    `  apiBase: ${quoted(guess.apiBase)},`,
    '  scopes: {',
    ...guess.scopes.flatMap(scopeLines),
    '  },',
    '  devIdp: true, // development only: anybody signs in as anybody',
    '  // In production, in place of devIdp, your own log-in; which agents may come; and a store that lasts,',
    `  // with ATH_SECRET set (\`openssl rand -base64 32\`) and sqliteStore from '@ath-protocol/server/sqlite':`,
    "  // oauth: { issuer: 'https://login.example', clientId: '…', clientSecret: process.env['…'] },",
    `  // agents: [{ domain: 'agent.example', allow: [${first}] }],`,
    `  // store: sqliteStore({ file: './${dataFolder}/ath.db' }),`,
    '})',
    ...(usesImport ? [] : ['', 'module.exports = { athConfig }']),
    '',
  ].join('\n')
}

function scopeLines({ scope, routes, description }: Guess['scopes'][number]): readonly string[] {
  if (routes.length === 0) return [`    ${quoted(scope)}: { description: ${quoted(description)} },`]
  const list = routes.map(quoted)
  const line = `    ${quoted(scope)}: { routes: [${list.join(', ')}], description: ${quoted(description)} },`
  if (line.length <= maxLine) return [line]
  return [
    `    ${quoted(scope)}: {`,
    ...(list.join(', ').length + 18 <= maxLine
      ? [`      routes: [${list.join(', ')}],`]
      : ['      routes: [', ...list.map((route) => `        ${route},`), '      ],']),
    `      description: ${quoted(description)},`,
    '    },',
  ]
}

const quoted = (text: string) =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
