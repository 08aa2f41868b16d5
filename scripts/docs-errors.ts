import { athCodes, catalogue, extensionCodes, type PublicCode, type Row } from '@ath-protocol/types'

const rows = Object.values<Row>(catalogue)

/** `docs/reference/errors.md`: one anchor for each code, and under it every error that has it. */
export function renderErrors(): string {
  return [
    '# Errors',
    '',
    'Every error answer is JSON: `{code, message, details?, type, doc, title, status, fix, retryable, instance?}`.',
    '`code` is one of the 16 of ATH 0.1, or one of our extensions where none of those fits.',
    '`details.reason` tells apart what shares a code. `instance` is the audit record to quote to the operator.',
    'A challenge is the `WWW-Authenticate: Bearer` header of RFC 6750 §3.',
    '',
    '## Codes of ATH 0.1',
    '',
    ...athCodes.flatMap(section),
    '## Extensions',
    '',
    ...extensionCodes.flatMap(section),
  ].join('\n')
}

function section(code: PublicCode): readonly string[] {
  const own = rows.filter((row) => row.code === code)
  return [
    `### <a id="${code.toLowerCase()}"></a>${code}`,
    '',
    '| status | message | fix | OAuth error | retry | challenge | source |',
    '|---|---|---|---|---|---|---|',
    ...own.map(
      (row) =>
        `| ${row.status} | ${cell(row.text)} | ${cell(row.fix)} | \`${row.oauth}\` | ${yes(row.retryable)} | ${yes(row.challenge)} | ${cell(row.source)} |`,
    ),
    '',
  ]
}

const yes = (value: boolean) => (value ? 'yes' : 'no')
const cell = (text: string) => text.replaceAll('|', '\\|')
