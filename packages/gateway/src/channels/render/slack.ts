import type { OutcomeCard, QuestionCard } from '../card.ts'

/** `&`, `<` and `>` are all that mentions (`<!here>`, `<@U…>`) and links are made of. */
export const escapeMrkdwn = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Slack shows this text as it is: no markup, no emoji names. */
const plain = (text: string, longest = 2000) => ({
  type: 'plain_text',
  text: text.slice(0, longest),
  emoji: false,
})
const bold = (label: string) => ({
  type: 'mrkdwn',
  text: `*${escapeMrkdwn(label)}*`,
  verbatim: true,
})

/** A question in Block Kit. All that others wrote stands in plain text elements. */
export function renderSlack(card: QuestionCard): object {
  return {
    text: escapeMrkdwn(`${card.title} · ${card.reference.value}`),
    blocks: [
      { type: 'header', text: plain(card.title, 150) },
      ...pairs(card.facts).map((facts) => ({
        type: 'section',
        fields: facts.flatMap(({ label, value }) => [bold(label), plain(value)]),
      })),
      ...(card.words ? labelled(card.words.label, card.words.value) : []),
      ...labelled(card.may.label, card.may.lines.map((line) => `• ${line}`).join('\n')),
      ...labelled(card.limits.label, card.limits.lines.map((line) => `• ${line}`).join('\n')),
      {
        type: 'context',
        elements: [plain(card.hint), plain(`${card.reference.label}: ${card.reference.value}`)],
      },
      {
        type: 'actions',
        block_id: 'answer',
        elements: [
          ...(card.hasButtons ? [button(card, 'deny'), button(card, 'approve')] : []),
          {
            type: 'button',
            action_id: 'review',
            text: plain(card.labels.review, 75),
            url: card.link,
          },
        ],
      },
    ],
  }
}

export function renderSlackOutcome(card: OutcomeCard): object {
  const { takeBack, reference } = card
  return {
    text: escapeMrkdwn(card.title),
    blocks: [
      { type: 'section', text: plain(card.title) },
      {
        type: 'context',
        elements: [
          plain(`${reference.label}: ${reference.value}`),
          ...(takeBack
            ? [
                {
                  type: 'mrkdwn',
                  text: `${escapeMrkdwn(takeBack.label)} <${takeBack.value}>`,
                  verbatim: true,
                },
              ]
            : []),
        ],
      },
    ],
  }
}

const button = (card: QuestionCard, action: 'approve' | 'deny') => ({
  type: 'button',
  action_id: action,
  style: action === 'approve' ? 'primary' : 'danger',
  text: plain(card.labels[action], 75),
  value: card.consentId,
})

const labelled = (label: string, text: string) => [
  { type: 'section', text: bold(label) },
  { type: 'section', text: plain(text, 3000) },
]

/** A section takes ten fields: five labels with their values. */
const pairs = <Value>(values: readonly Value[]): readonly (readonly Value[])[] =>
  values.length <= 5 ? [values] : [values.slice(0, 5), ...pairs(values.slice(5))]
