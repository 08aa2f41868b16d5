import { asList, asRecord, type CardLine } from './vendor-server.ts'

type Part = Readonly<Record<string, unknown>>

/** What the vendor refuses in a message card, and what would let foreign text mention somebody. */
export function feishuCardFaults(card: Part | undefined): string[] {
  if (!card) return ['a card is an object']
  const faults: string[] = []
  if (asRecord(card['config'])?.['update_multi'] !== true)
    faults.push('a card that changes later is shared (update_multi)')
  if (asRecord(asRecord(card['header'])?.['title'])?.['tag'] !== 'plain_text')
    faults.push('a card has a plain title')
  if (JSON.stringify(card).length > 30 * 1024) faults.push('a card is 30 KB at most')
  for (const element of asList(card['elements'])) faults.push(...elementFaults(element))
  if (markdownTexts(card).some((text) => /<(at|font|a|img)\b/i.test(text)))
    faults.push('somebody else’s text became markup')
  return faults
}

function elementFaults(element: Part): readonly string[] {
  switch (element['tag']) {
    case 'hr':
      return []
    case 'div': {
      const texts = [element['text'], ...asList(element['fields']).map(({ text }) => text)]
      const there = texts.filter((text) => text !== undefined)
      return there.length > 0 && there.every(isText) ? [] : ['a div has texts']
    }
    case 'note':
      return asList(element['elements']).every(isText) ? [] : ['a note has texts']
    case 'action':
      return asList(element['actions']).flatMap(buttonFaults)
    default:
      return [`unknown element ${String(element['tag'])}`]
  }
}

const isText = (text: unknown): boolean => {
  const { tag, content } = asRecord(text) ?? {}
  return (tag === 'plain_text' || tag === 'lark_md') && typeof content === 'string'
}

function buttonFaults(button: Part): readonly string[] {
  const faults: string[] = []
  if (button['tag'] !== 'button' || !isText(button['text'])) faults.push('an action is a button')
  if (!['default', 'primary', 'danger'].includes(String(button['type'])))
    faults.push('a button is default, primary or danger')
  if ((button['url'] === undefined) === (asRecord(button['value']) === undefined))
    faults.push('a button opens a link or has a value that is an object')
  return faults
}

export interface FeishuButton {
  readonly label: string
  readonly url?: string
  readonly value?: Part
  readonly action?: string
}

export function feishuButtons(card: Part): readonly FeishuButton[] {
  return asList(card['elements'])
    .flatMap((element) => asList(element['actions']))
    .map((button) => {
      const value = asRecord(button['value'])
      return {
        label: String(asRecord(button['text'])?.['content']),
        ...(typeof button['url'] === 'string' ? { url: button['url'] } : {}),
        ...(value ? { value, action: String(value['action']) } : {}),
      }
    })
}

/** The texts of a card as somebody reads them: of `lark_md` entities are resolved, and links are their text. */
export const feishuTexts = (card: Part): readonly string[] =>
  texts(card).map(({ tag, content }) => (tag === 'lark_md' ? resolve(content) : content))

/** The same, with what is a label by itself: `**label**` at the beginning of a markdown text. */
export const feishuLines = (card: Part): readonly CardLine[] =>
  texts(card).flatMap(({ tag, content }) => {
    const [, label, rest = ''] =
      (tag === 'lark_md' ? /^\*\*([^*\n]+)\*\*(?:\n([\s\S]*))?$/.exec(content) : undefined) ?? []
    if (label === undefined) return [{ text: tag === 'lark_md' ? resolve(content) : content }]
    return [{ text: label, isLabel: true }, ...(rest === '' ? [] : [{ text: resolve(rest) }])]
  })

const markdownTexts = (card: Part): readonly string[] =>
  texts(card).flatMap(({ tag, content }) => (tag === 'lark_md' ? [content] : []))

function texts(card: Part): readonly { readonly tag: string; readonly content: string }[] {
  const elements = asList(card['elements']).flatMap((element) => [
    element['text'],
    ...asList(element['fields']).map(({ text }) => text),
    ...asList(element['elements']),
  ])
  return [asRecord(card['header'])?.['title'], ...elements].flatMap((text) => {
    const { tag, content } = asRecord(text) ?? {}
    return typeof content === 'string' ? [{ tag: String(tag), content }] : []
  })
}

const resolve = (markdown: string) =>
  markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
