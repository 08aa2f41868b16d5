import type { Guess } from './scope-guess.ts'

export interface ConfigSettings {
  readonly url: string
  readonly appId: string
  readonly name: string
  readonly guess: Guess
  readonly usesImport: boolean
}

/** Where the app keeps registrations, grants and tokens: ignored by git. */
export const dataFolder = '.ath'

const maxLine = 100

/** The text of a new `ath.config`. Nothing in it is a secret. */
export function writeConfigText(settings: ConfigSettings): string {
  const { url, appId, name, guess, usesImport } = settings
  const imports = usesImport
    ? [
        `import { defineAth } from '@ath-protocol/server'`,
        `import { sqliteStore } from '@ath-protocol/server/sqlite'`,
      ]
    : [
        `const { defineAth } = require('@ath-protocol/server')`,
        `const { sqliteStore } = require('@ath-protocol/server/sqlite')`,
      ]
  return [
    ...imports,
    '',
    '// What agents may do here. A route that no scope lists is closed to agents; people and their log-in are not touched.',
    usesImport ? 'export const athConfig = defineAth({' : 'const athConfig = defineAth({',
    `  url: ${quoted(url)}, // where agents reach this app; https in production`,
    `  appId: ${quoted(appId)},`,
    `  name: ${quoted(name)},`,
    `  apiBase: ${quoted(guess.apiBase)},`,
    '  scopes: {',
    ...guess.scopes.flatMap(scopeLines),
    '  },',
    '  devIdp: true, // a log-in for development; in production your own: oauth: { issuer, clientId, clientSecret }',
    `  // agents: [{ domain: 'agent.example', allow: [${quoted(guess.scopes[0]?.scope ?? '')}] }], // who may come in production`,
    `  store: sqliteStore({ file: ${quoted(`./${dataFolder}/ath.db`)} }),`,
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
