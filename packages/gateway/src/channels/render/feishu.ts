import type { OutcomeCard, QuestionCard } from '../card.ts'

/** Everything that means something in `lark_md`, as entities: no bold, no links, no `<at id=all>`. */
export const escapeLarkMd = (text: string): string =>
  text.replace(
    /[^\p{L}\p{M}\p{N}\p{Zs}.,;，。；：（）“”’…·•、？]/gu,
    (character) => `&#${character.codePointAt(0)};`,
  )

const markdown = (content: string) => ({ tag: 'div', text: { tag: 'lark_md', content } })
const plain = (content: string) => ({ tag: 'plain_text', content })

const colours = { low: 'blue', medium: 'orange', high: 'red' } as const

/** A question as a message card. The value of a button is an opaque id and a verb. */
export function renderFeishu(card: QuestionCard): object {
  return {
    config: { wide_screen_mode: true, update_multi: true, enable_forward: false },
    header: { template: colours[card.risk], title: plain(card.title) },
    elements: [
      {
        tag: 'div',
        fields: card.facts.map(({ label, value }) => ({
          is_short: true,
          text: { tag: 'lark_md', content: `**${label}**\n${escapeLarkMd(value)}` },
        })),
      },
      ...(card.words
        ? [markdown(`**${card.words.label}**`), { tag: 'div', text: plain(card.words.value) }]
        : []),
      markdown(list(card.may)),
      markdown(list(card.limits)),
      { tag: 'hr' },
      {
        tag: 'action',
        actions: [
          ...(card.hasButtons ? [button(card, 'deny'), button(card, 'approve')] : []),
          { tag: 'button', type: 'default', text: plain(card.labels.review), url: card.link },
        ],
      },
      note([card.hint, `${card.reference.label} ${card.reference.value}`]),
    ],
  }
}

export function renderFeishuOutcome(card: OutcomeCard): object {
  const { takeBack, reference } = card
  return {
    config: { wide_screen_mode: true, update_multi: true, enable_forward: false },
    header: {
      template: card.outcome === 'approved' ? 'green' : 'grey',
      title: plain(card.title),
    },
    elements: [
      ...(takeBack ? [markdown(`${takeBack.label} [${takeBack.value}](${takeBack.value})`)] : []),
      note([`${reference.label} ${reference.value}`]),
    ],
  }
}

const button = (card: QuestionCard, action: 'approve' | 'deny') => ({
  tag: 'button',
  type: action === 'approve' ? 'primary' : 'danger',
  text: plain(card.labels[action]),
  value: { consent: card.consentId, action },
})

const list = ({ label, lines }: QuestionCard['may']) =>
  `**${label}**\n${lines.map((line) => `• ${escapeLarkMd(line)}`).join('\n')}`

const note = (lines: readonly string[]) => ({ tag: 'note', elements: lines.map(plain) })
