import type { QuestionCard } from '../card.ts'

/** Text runs are not Markdown, unlike text blocks: what others wrote stays as it is. */
const text = (label: string, lines: readonly string[]) => ({
  type: 'RichTextBlock',
  spacing: 'Small',
  inlines: [
    { type: 'TextRun', text: `${label}: `, weight: 'Bolder' },
    { type: 'TextRun', text: lines.join(' · ') },
  ],
})

/** A question as an Adaptive Card for a Workflows webhook, which has no buttons that come back: link only. */
export function renderTeams(card: QuestionCard): object {
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          fallbackText: card.title,
          body: [
            {
              type: 'RichTextBlock',
              inlines: [{ type: 'TextRun', text: card.title, weight: 'Bolder', size: 'Large' }],
            },
            ...card.facts.map(({ label, value }) => text(label, [value])),
            ...(card.words ? [text(card.words.label, [card.words.value])] : []),
            text(card.may.label, card.may.lines),
            text(card.limits.label, card.limits.lines),
            text(card.reference.label, [card.reference.value]),
            {
              type: 'RichTextBlock',
              inlines: [{ type: 'TextRun', text: card.hint, isSubtle: true }],
            },
          ],
          actions: [{ type: 'Action.OpenUrl', title: card.labels.review, url: card.link }],
          msteams: { width: 'Full' },
        },
      },
    ],
  }
}
