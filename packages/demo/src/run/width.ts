/** Terminal cells of a text: Chinese characters take two. */
export function countCells(text: string): number {
  let cells = 0
  for (const character of text)
    cells +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/.test(
        character,
      )
        ? 2
        : 1
  return cells
}

export function padCells(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - countCells(text)))
}
