import { asList, asRecord, type CardLine } from './vendor-server.ts'

type Block = Readonly<Record<string, unknown>>

/** What Slack refuses in a message's blocks (Block Kit reference), one sentence each. */
export function slackBlockFaults(blocks: unknown): string[] {
  const list = asList(blocks)
  if (list.length === 0 || list.length > 50) return ['a message has 1 to 50 blocks']
  return list.flatMap(blockFaults)
}

function blockFaults(block: Block): readonly string[] {
  switch (block['type']) {
    case 'header':
      return textFaults(block['text'], ['plain_text'], 150)
    case 'section': {
      const fields = block['fields'] === undefined ? undefined : asList(block['fields'])
      if ((block['text'] === undefined) === (fields === undefined))
        return ['a section has a text or fields']
      if (!fields) return textFaults(block['text'], ['plain_text', 'mrkdwn'], 3000)
      if (fields.length === 0 || fields.length > 10) return ['a section has 1 to 10 fields']
      return fields.flatMap((field) => textFaults(field, ['plain_text', 'mrkdwn'], 2000))
    }
    case 'context': {
      const elements = asList(block['elements'])
      if (elements.length === 0 || elements.length > 10) return ['a context has 1 to 10 elements']
      return elements.flatMap((one) => textFaults(one, ['plain_text', 'mrkdwn'], 3000))
    }
    case 'actions': {
      const elements = asList(block['elements'])
      const ids = new Set(elements.map((one) => one['action_id']))
      if (ids.size !== elements.length) return ['an action_id stands twice']
      return elements.flatMap(buttonFaults)
    }
    default:
      return [`unknown block ${String(block['type'])}`]
  }
}

function textFaults(text: unknown, types: readonly string[], longest: number): readonly string[] {
  const { type, text: content, emoji, verbatim, ...rest } = asRecord(text) ?? {}
  const faults: string[] = []
  if (!types.includes(String(type))) faults.push(`a text is ${types.join(' or ')}`)
  if (typeof content !== 'string' || content === '' || content.length > longest)
    faults.push(`a text has 1 to ${longest} characters`)
  if (emoji !== undefined && type !== 'plain_text') faults.push('only plain_text has emoji')
  if (verbatim !== undefined && type !== 'mrkdwn') faults.push('only mrkdwn has verbatim')
  if (Object.keys(rest).length > 0) faults.push(`a text has no ${Object.keys(rest).join()}`)
  return faults
}

function buttonFaults(button: Block): readonly string[] {
  const faults = [...textFaults(button['text'], ['plain_text'], 75)]
  if (button['type'] !== 'button') faults.push('only buttons are expected here')
  const limits = { action_id: 255, value: 2000, url: 3000 }
  for (const [name, longest] of Object.entries(limits)) {
    const text = button[name] ?? ''
    if (typeof text !== 'string' || text.length > longest) faults.push(`${name} is too long`)
  }
  if (!['primary', 'danger', undefined].includes(button['style'] as string | undefined))
    faults.push('a style is primary or danger')
  return faults
}

export interface SlackButton {
  readonly id: string
  readonly label: string
  readonly value?: string
  readonly url?: string
}

export function slackButtons(blocks: readonly Block[]): readonly SlackButton[] {
  return blocks
    .filter(({ type }) => type === 'actions')
    .flatMap((block) => asList(block['elements']))
    .map((one) => ({
      id: String(one['action_id']),
      label: String(asRecord(one['text'])?.['text']),
      ...(typeof one['value'] === 'string' ? { value: one['value'] } : {}),
      ...(typeof one['url'] === 'string' ? { url: one['url'] } : {}),
    }))
}

/** The texts of a message, as somebody reads them: markup of `mrkdwn` is left as it stands. */
export const slackTexts = (blocks: readonly Block[]): readonly string[] =>
  slackLines(blocks).map(({ text }) => text)

/** The same, with what is a label by itself. */
export function slackLines(blocks: readonly Block[]): readonly CardLine[] {
  return blocks
    .filter(({ type }) => type !== 'actions')
    .flatMap((block) => [block['text'], ...asList(block['fields']), ...asList(block['elements'])])
    .flatMap((element) => {
      const { type, text } = asRecord(element) ?? {}
      if (typeof text !== 'string') return []
      const label = type === 'mrkdwn' ? /^\*([^*]+)\*$/.exec(text)?.[1] : undefined
      return label === undefined ? [{ text }] : [{ text: label, isLabel: true }]
    })
}
