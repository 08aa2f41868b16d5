import type { QuestionCard } from '../card.ts'

/**
 * DingTalk's Markdown has no escape that all its clients honour, so the characters that make markup are shown by their
 * full-width twins: they read the same and mean nothing.
 */
export const escapeDingtalk = (text: string): string =>
  text.replace(/[!-/:-@[-`{-~]/g, (character) =>
    harmless.has(character) ? character : String.fromCharCode(character.charCodeAt(0) + 0xfee0),
  )

const harmless = new Set([',', '.', ':', ';', '(', ')', '/', '-', '%', '"', "'", '?'])

/** A question as a robot's action card: one button, which opens the page. */
export function renderDingtalk(card: QuestionCard): object {
  const lines = [
    `#### ${escapeDingtalk(card.title)}`,
    ...card.facts.map(({ label, value }) => `**${label}** ${escapeDingtalk(value)}`),
    ...(card.words ? [`**${card.words.label}**`, `> ${escapeDingtalk(card.words.value)}`] : []),
    `**${card.may.label}**`,
    ...card.may.lines.map((line) => `- ${escapeDingtalk(line)}`),
    `**${card.limits.label}**`,
    ...card.limits.lines.map((line) => `- ${escapeDingtalk(line)}`),
    `**${card.reference.label}** ${card.reference.value}`,
    card.hint,
  ]
  return {
    msgtype: 'actionCard',
    actionCard: {
      title: card.title,
      text: lines.join('\n\n'),
      singleTitle: card.labels.review,
      singleURL: card.link,
    },
  }
}
