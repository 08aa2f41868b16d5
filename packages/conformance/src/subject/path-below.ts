/** A path as its base makes it, `/items`, of what may begin with that base, `/api/items`. */
export function pathBelow(path: string, base: string): string {
  const rest = path.slice(base.length)
  return path.startsWith(base) && /^(?:[/?]|$)/.test(rest) ? rest : path
}
