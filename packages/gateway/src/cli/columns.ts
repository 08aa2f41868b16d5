/** Rows as aligned columns, two spaces apart; the last column is as long as it is. */
export function alignColumns(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell))
  return rows
    .map((row) => {
      const cells = row.map((cell, at) =>
        at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - width(cell)),
      )
      return `${indent}${cells.join('  ')}`.trimEnd()
    })
    .map((line) => `${line}\n`)
    .join('')
}

/** Columns on a terminal: colours take none, wide East Asian characters two. */
function width(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours
  const plain = text.replace(/\u001b\[\d+m/g, '')
  let columns = 0
  for (const character of plain)
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
        character,
      )
        ? 2
        : 1
  return columns
}
