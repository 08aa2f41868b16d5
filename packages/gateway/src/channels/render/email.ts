import { html } from '@ath-protocol/server/parts'
import type { QuestionCard } from '../card.ts'

/** A question as a mail: text and HTML say the same; nothing is fetched from anywhere, and opening a link decides nothing. */
export function renderEmail(card: QuestionCard): {
  readonly subject: string
  readonly text: string
  readonly html: string
} {
  return { subject: card.title, text: asText(card), html: asHtml(card).source }
}

function asText(card: QuestionCard): string {
  return [
    card.title,
    '',
    ...card.facts.map(({ label, value }) => `${label}: ${value}`),
    ...(card.words ? ['', `${card.words.label}:`, `> ${card.words.value}`] : []),
    '',
    `${card.may.label}:`,
    ...card.may.lines.map((line) => `- ${line}`),
    '',
    `${card.limits.label}:`,
    ...card.limits.lines.map((line) => `- ${line}`),
    '',
    `${card.labels.review}: ${card.link}`,
    '',
    card.hint,
    `${card.reference.label}: ${card.reference.value}`,
    '',
  ].join('\n')
}

const asHtml = (card: QuestionCard) => html`<!doctype html>
<html lang="${card.language}"><head><meta charset="utf-8"><title>${card.title}</title></head>
<body style="font-family:sans-serif;max-width:36rem;margin:1rem">
<h1 style="font-size:1.2rem">${card.title}</h1>
<table role="presentation">${card.facts.map(
  ({ label, value }) =>
    html`<tr><th style="text-align:left;padding-right:1rem">${label}</th><td>${value}</td></tr>`,
)}</table>
${
  card.words &&
  html`<p>${card.words.label}</p><blockquote style="border-left:3px solid #999;padding-left:.6rem">${card.words.value}</blockquote>`
}
<h2 style="font-size:1rem">${card.may.label}</h2><ul>${card.may.lines.map((line) => html`<li>${line}</li>`)}</ul>
<h2 style="font-size:1rem">${card.limits.label}</h2><ul>${card.limits.lines.map((line) => html`<li>${line}</li>`)}</ul>
<p><a href="${card.link}" style="display:inline-block;padding:.6rem 1.2rem;border:1px solid #333">${card.labels.review}</a></p>
<p>${card.hint}</p>
<p style="color:#555">${card.reference.label}: ${card.reference.value}</p>
</body></html>
`
