/** One insertion or removal of whole text ranges. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with all edits made. They must not overlap; those at one place are made in the order given. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ordered = edits
    .map((edit, index) => ({ ...edit, index }))
    .sort((one, other) => one.start - other.start || one.index - other.index)
  let result = ''
  let at = 0
  for (const { start, end, text: fresh } of ordered) {
    result += text.slice(at, start) + fresh
    at = end
  }
  return result + text.slice(at)
}

export const lineEnding = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n')

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** After the line break of the line in which `offset` lies; the end of the text on the last. */
export function nextLineStart(text: string, offset: number): number {
  const found = text.indexOf('\n', offset)
  return found === -1 ? text.length : found + 1
}

export function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? ''
}

/** Whether nothing but a comment follows on the line. */
export function endsItsLine(text: string, offset: number): boolean {
  const rest = text.slice(offset, nextLineStart(text, offset))
  return /^[ \t]*;?[ \t]*(?:\/\/.*|\/\*(?:(?!\*\/).)*\*\/[ \t]*)?[\r\n]*$/.test(rest)
}

/** Lines put at the start of the line at `offset`, which may be the end of a text without a last line break. */
export function insertLines(text: string, offset: number, lines: readonly string[]): Edit {
  const end = lineEnding(text)
  const before = offset === text.length && !text.endsWith('\n') && text !== ''
  return {
    start: offset,
    end: offset,
    text: before
      ? lines.map((line) => end + line).join('')
      : lines.map((line) => line + end).join(''),
  }
}
