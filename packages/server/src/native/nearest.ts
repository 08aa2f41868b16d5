/** The known word closest to what was written, when it is close enough to be a slip. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1
  for (const word of known) {
    if (Math.abs(word.length - written.length) >= bestDistance) continue
    const distance = editDistance(written.toLowerCase(), word.toLowerCase())
    if (distance < bestDistance) {
      best = word
      bestDistance = distance
    }
  }
  return best
}

/** Optimal string alignment: insertions, deletions, changes and swaps of neighbours count one each. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const current = [i]
    for (let j = 1; j <= right.length; j++) {
      const change = left[i - 1] === right[j - 1] ? 0 : 1
      let distance = Math.min(
        (last[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + change,
      )
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        distance = Math.min(distance, (beforeLast[j - 2] ?? 0) + 1)
      current.push(distance)
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? 0
}

/** `did you mean "x"?`, or the list of what there is and may still be used. */
export function suggest(
  written: string,
  known: readonly string[],
  unused: readonly string[] = known,
): string {
  const near = nearest(written.slice(0, 64), known)
  if (near !== undefined) return `did you mean "${near}"?`
  return unused.length === 0 ? 'remove it' : `known here: ${unused.join(', ')}`
}
