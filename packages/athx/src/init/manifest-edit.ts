import { applyEdits, indentAt, lineEnding, lineStart, nextLineStart } from './line-edit.ts'
import { propertyOf } from './route-map.ts'
import { child, children, type Node, parseJson, textOf } from './syntax.ts'

/** package.json with one more dependency, formatted as it was. Undefined where that is not plain to do. */
export function addDependency(text: string, name: string, range: string): string | undefined {
  const root = parseJson(text)
  const entry = `${JSON.stringify(name)}: ${JSON.stringify(range)}`
  const end = lineEnding(text)
  const list = propertyOf(root, 'dependencies')
  const properties = children(list, 'properties')
  if (!list) {
    const last = children(root, 'properties').at(-1)
    if (!last) return undefined
    const indent = indentAt(text, last.start) || '  '
    const block = `,${end}${indent}"dependencies": {${end}${indent}${indent}${entry}${end}${indent}}`
    return applyEdits(text, [{ start: last.end, end: last.end, text: block }])
  }
  const [first] = properties
  if (!first) {
    const indent = indentAt(text, list.start)
    const block = `{${end}${indent}${indent}${entry}${end}${indent}}`
    return applyEdits(text, [{ start: list.start, end: list.end, text: block }])
  }
  const indent = indentAt(text, first.start)
  const next = isSorted(properties) ? properties.find((one) => keyOf(one) > name) : undefined
  if (next)
    return applyEdits(text, [
      { start: next.start, end: next.start, text: `${entry},${between(text, first, indent, end)}` },
    ])
  const { end: at } = properties.at(-1) ?? first
  return applyEdits(text, [
    { start: at, end: at, text: `,${between(text, first, indent, end)}${entry}` },
  ])
}

/** package.json without a dependency; undefined where there is none. */
export function removeDependency(text: string, name: string): string | undefined {
  const root = parseJson(text)
  const list = propertyOf(root, 'dependencies')
  const properties = children(list, 'properties')
  const index = properties.findIndex((one) => keyOf(one) === name)
  const found = properties[index]
  if (!list || !found) return undefined
  if (properties.length === 1) {
    const own = children(root, 'properties')
    const at = own.findIndex((one) => child(one, 'value') === list)
    const [owner, before] = [own[at], own[at - 1]]
    if (!owner) return undefined
    return applyEdits(text, [{ start: before?.end ?? owner.start, end: owner.end, text: '' }])
  }
  const [before, after] = [properties[index - 1], properties[index + 1]]
  const alone = text.slice(lineStart(text, found.start), found.start).trim() === ''
  if (after)
    return applyEdits(text, [
      alone && after.start >= nextLineStart(text, found.end)
        ? { start: lineStart(text, found.start), end: lineStart(text, after.start), text: '' }
        : { start: found.start, end: after.start, text: '' },
    ])
  return applyEdits(text, [{ start: before?.end ?? found.start, end: found.end, text: '' }])
}

const keyOf = (property: Node) => textOf(child(property, 'key')) ?? ''

function isSorted(properties: readonly Node[]): boolean {
  const keys = properties.map(keyOf)
  return keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') <= key)
}

/** What stands between two members: a new line, or a space where all are on one. */
function between(text: string, first: Node, indent: string, end: string): string {
  const ownLine = text.slice(lineStart(text, first.start), first.start).trim() === ''
  return ownLine ? `${end}${indent}` : ' '
}
