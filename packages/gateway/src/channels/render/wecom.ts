import { splitText } from '@ath-protocol/server/parts'
import type { Fact, OutcomeCard, QuestionCard } from '../card.ts'

/** Longer texts are cut on phones; a permission that is cut off must not have a button beside it. */
const longestText = 160
/** In columns: a Chinese character takes two. */
const longestValue = 52
const mostRows = 6

/** Whether all that is allowed, and within which limits, can be read on the card. */
const isReadable = (card: QuestionCard): boolean =>
  mayText(card).length <= longestText &&
  card.limits.lines.length < mostRows &&
  card.limits.lines.every((line) => columns(line) <= longestValue)

/** A question as a template card, whose texts are plain. With buttons only when it is readable whole. */
export function renderWecom(card: QuestionCard): object {
  const hasButtons = card.hasButtons && isReadable(card)
  const shown = {
    source: { desc: 'Sallyport', desc_color: 0 },
    main_title: {
      title: cut(card.title, 36),
      desc: cut(`${card.reference.label} ${card.reference.value}`, 44),
    },
    ...(card.words
      ? {
          quote_area: {
            type: 0,
            title: card.words.label,
            quote_text: card.words.value,
          },
        }
      : {}),
    sub_title_text: cut(mayText(card), longestText),
    horizontal_content_list: rows(card),
    card_action: { type: 1, url: card.link },
  }
  if (!hasButtons)
    return {
      card_type: 'text_notice',
      ...shown,
      jump_list: [{ type: 1, title: card.labels.review, url: card.link }],
    }
  return {
    card_type: 'button_interaction',
    ...shown,
    // Letters, digits, `_` and `-`, at most 128 bytes, once per app: a consent id is all of that.
    task_id: card.consentId,
    button_list: [
      { text: card.labels.deny, style: 2, key: 'deny' },
      { text: card.labels.approve, style: 1, key: 'approve' },
    ],
  }
}

/** What the buttons are replaced by. */
export const renderWecomOutcome = (card: OutcomeCard): object => ({
  replace_name: cut(card.title, 30),
})

const mayText = ({ may }: QuestionCard): string => [`${may.label}:`, ...may.lines].join('\n')

/** Until when, within which limits, and as much of who asks as there is room for. */
const rows = ({ facts, limits }: QuestionCard) =>
  [
    ...facts.slice(-1),
    ...limits.lines.map((value): Fact => ({ label: limits.label, value })),
    ...facts.slice(0, -1),
  ]
    .slice(0, mostRows)
    .map(({ label, value }) => ({ keyname: label, value: cutColumns(value) }))

const columns = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + (character < '\u2e80' ? 1 : 2), 0)

const cutColumns = (text: string): string =>
  columns(text) <= longestValue ? text : cut(text, longestValue / 2)

function cut(text: string, longest: number): string {
  const { head, rest } = splitText(text, longest - 1)
  return rest.length > 1 ? `${head}…` : text
}
