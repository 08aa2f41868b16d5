import { fail, ok, type Result } from '@ath-protocol/types'

/** Where `${…}` finds its values. */
export interface ExpansionSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file named relative to the configuration, or why it cannot be read. */
  readonly readFile: (path: string) => Result<string, string>
}

export interface ExpansionFault {
  /** Where in the text the faulty `${…}` begins. */
  readonly at: string
  readonly problem: string
  readonly fix: string
}

const reference = /\$(\$\{|\{[^}]*\}?)/g

export function hasReference(text: string): boolean {
  return text.includes('${')
}

/**
 * Replaces `${VAR}`, `${VAR:-default}` and `${file:/path}` (one final newline of the file is dropped); `$${` is a
 * literal `${`. What was inserted is not looked at again. An unset or empty variable takes its default; without a
 * default, unset is a fault.
 */
export function expand(text: string, sources: ExpansionSources): Result<string, ExpansionFault> {
  let fault: ExpansionFault | undefined
  const expanded = text.replace(reference, (whole) => {
    if (whole === '$${') return '${'
    const value = lookUp(whole, sources)
    if (!value.ok) fault ??= { at: whole, ...value.error }
    return value.ok ? value.value : ''
  })
  return fault ? fail(fault) : ok(expanded)
}

function lookUp(
  whole: string,
  sources: ExpansionSources,
): Result<string, { readonly problem: string; readonly fix: string }> {
  if (!whole.endsWith('}'))
    return fail({ problem: '`${` is never closed', fix: 'close it with `}`, or write `$${`' })
  const inner = whole.slice(2, -1)
  if (inner.startsWith('file:')) {
    const path = inner.slice('file:'.length)
    const read = path === '' ? fail('no path given') : sources.readFile(path)
    return read.ok
      ? ok(read.value.replace(/\r?\n$/, ''))
      : fail({
          problem: `file \`${path}\` cannot be read: ${read.error}`,
          fix: 'put the secret there, readable by this user',
        })
  }
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(inner)
  if (!match?.[1])
    return fail({
      problem: `\`${whole}\` is not a reference`,
      fix: 'known: ${NAME}, ${NAME:-default}, ${file:/path}; write `$${` for a plain `${`',
    })
  const value = Object.hasOwn(sources.env, match[1]) ? sources.env[match[1]] : undefined
  if (match[2] !== undefined) return ok(value || match[2])
  if (value !== undefined) return ok(value)
  return fail({
    problem: `environment variable \`${match[1]}\` is not set`,
    fix: `set it, or give a default: \${${match[1]}:-…}`,
  })
}
