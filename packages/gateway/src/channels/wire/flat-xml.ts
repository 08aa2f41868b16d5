/** One element below `<xml>`: with CDATA, with text, or with elements of its own, which are passed over. */
const element = /\s*<([A-Za-z]\w{0,63})>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<&]*))<\/\1>/y
const nested = /\s*<([A-Za-z]\w{0,63})>\s*<[A-Za-z][\s\S]*?<\/\1>/y

/**
 * Reads the flat XML of WeCom: the texts directly below `<xml>`. Not an XML reader: declarations, entities, attributes
 * and names given twice are refused, so that nobody can read such a text in two ways.
 */
export function readFlatXml(text: string): Readonly<Record<string, string>> | undefined {
  const inner = /^\s*<xml>([\s\S]*)<\/xml>\s*$/.exec(text)?.[1]
  if (inner === undefined || /<[!?](?!\[CDATA\[)/.test(inner)) return undefined
  const values: Record<string, string> = Object.create(null)
  let at = 0
  while (inner.slice(at).trim() !== '') {
    element.lastIndex = at
    nested.lastIndex = at
    const flat = element.exec(inner)
    const match = flat ?? nested.exec(inner)
    if (!match?.[1] || match[1] in values) return undefined
    values[match[1]] = flat ? (flat[2] ?? flat[3] ?? '') : ''
    at += match[0].length
  }
  return values
}
