import { lineEnding } from './line-edit.ts'

/** `.gitignore` with one more line; the same text where it is there already. */
export function addIgnored(text: string | undefined, entry: string): string {
  if (text === undefined || text === '') return `${entry}\n`
  if (isIgnored(text, entry)) return text
  const end = lineEnding(text)
  return `${text}${text.endsWith('\n') ? '' : end}${entry}${end}`
}

/** `.gitignore` without the line; undefined where nothing would be left. */
export function removeIgnored(text: string, entry: string): string | undefined {
  const kept = text.split(/(?<=\n)/).filter((line) => line.trim() !== entry)
  const left = kept.join('')
  return left === '' ? undefined : left
}

export const isIgnored = (text: string, entry: string): boolean =>
  text.split(/\r?\n/).some((line) => line.trim().replace(/^\//, '') === entry)
