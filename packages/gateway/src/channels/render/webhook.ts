import type { OutcomeCard, QuestionCard } from '../card.ts'

/** A question for a program, as a Standard Webhooks payload. */
export function renderWebhook(card: QuestionCard, now: number): object {
  const { agent, person, words, scopes, restrictions, longestSeconds, expiresAt } = card.data
  return {
    type: 'confirmation.requested',
    timestamp: isoTime(now),
    data: {
      consent: card.consentId,
      reference: card.reference.value,
      link: card.link,
      can_answer: card.hasButtons,
      risk: card.risk,
      agent,
      person,
      ...(words === undefined ? {} : { agent_words: words }),
      scopes,
      restrictions,
      longest_seconds: longestSeconds,
      expires_at: isoTime(expiresAt),
      language: card.language,
      title: card.title,
    },
  }
}

export function renderWebhookOutcome(reference: string, card: OutcomeCard, now: number): object {
  return {
    type: 'confirmation.settled',
    timestamp: isoTime(now),
    data: {
      consent: reference,
      reference: card.reference.value,
      outcome: card.outcome,
      title: card.title,
    },
  }
}

const isoTime = (unixSeconds: number) => new Date(unixSeconds * 1000).toISOString()
