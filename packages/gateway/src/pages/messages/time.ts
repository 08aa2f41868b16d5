import { html, type Html } from '../html.ts'
import type { Language } from './say.ts'

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** A length of time in the largest unit that divides it, or in whole units rounded down: `8 hours`, `9 minutes`. */
export function sayDuration(language: Language, seconds: number): string {
  const whole = Math.max(1, Math.floor(seconds))
  const [unit, size] =
    units.find(([, unitSeconds]) => whole % unitSeconds === 0 && whole < unitSeconds * 100) ??
    units.find(([, unitSeconds]) => whole >= unitSeconds * 2) ??
    units[3]
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.floor(whole / size),
  )
}

/** A time left, in minutes once it is more than one: nobody reads seconds of ten minutes. */
export function sayTimeLeft(language: Language, seconds: number): string {
  return sayDuration(language, seconds >= 120 ? Math.floor(seconds / 60) * 60 : seconds)
}

/** An instant, in UTC: without scripts a page cannot know the reader's zone. */
export function sayInstant(language: Language, unixSeconds: number): Html {
  const date = new Date(unixSeconds * 1000)
  const text = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(date)
  return html`<time datetime="${date.toISOString()}">${text} UTC</time>`
}
