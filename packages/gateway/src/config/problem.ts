/** One thing that is wrong with the configuration, where it is, and what to do about it. Never holds a secret's value. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number
  readonly column: number
  /** The key path, e.g. `providers.oa.url`; empty for the whole file. */
  readonly key: string
  readonly problem: string
  readonly fix?: string
}

/** A problem before it has a place: the path says where to look. */
export interface Finding {
  readonly path: readonly PathPart[]
  readonly problem: string
  readonly fix?: string
  /** Point at the key instead of its value. */
  readonly atKey?: boolean
  readonly severity?: 'error' | 'warning'
}

export type PathPart = string | number

/** `providers.oa.scopes["oa:read"][0]`: dots where a key is plain, brackets where it is not. */
export function writePath(path: readonly PathPart[]): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      const plain = /^[A-Za-z_][\w:-]*$/.test(part)
      return plain ? `${index === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`
    })
    .join('')
}

/** `sallyport.yaml:4:11  providers.oa.url: is not a URL  → write …`, one line. */
export function writeProblem(problem: ConfigProblem): string {
  const place =
    problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`
  const key = problem.key === '' ? '' : `${problem.key}: `
  const fix = problem.fix === undefined ? '' : `  → ${problem.fix}`
  const mark = problem.severity === 'warning' ? 'warning: ' : ''
  return printable(`${place}  ${mark}${key}${problem.problem}${fix}`)
}

/** A file's content may not move the cursor or colour the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069]/g, '·')
}

/** A value in a message: quoted, printable and short. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return `\`${printable(text.length > 60 ? `${text.slice(0, 57)}...` : text)}\``
}
