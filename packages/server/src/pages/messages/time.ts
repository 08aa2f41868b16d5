import { html, type Html } from '../html.ts'
import type { Language } from './say.ts'

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** A length of time in the largest unit that divides it, else in two units rounded down: `8 hours`, `7 hours, 59 minutes`. */
export function sayDuration(language: Language, seconds: number): string {
  const whole = Math.max(1, Math.floor(seconds))
  const even = units.findIndex(([, size]) => whole % size === 0 && whole < size * 100)
  if (even !== -1) return sayUnits(language, whole, [even])
  const largest = units.findIndex(([, size]) => whole >= size)
  return sayUnits(language, whole, [largest, largest + 1])
}

function sayUnits(language: Language, seconds: number, indices: readonly number[]): string {
  let left = seconds
  const parts: string[] = []
  for (const [unit, size] of indices.map((index) => units[index] ?? units[3])) {
    const count = Math.floor(left / size)
    left -= count * size
    const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' })
    if (count > 0) parts.push(format.format(count))
  }
  return new Intl.ListFormat(language, { type: 'unit' }).format(parts)
}

/** A time left, in minutes once it is more than one: nobody reads seconds of ten minutes. */
export function sayTimeLeft(language: Language, seconds: number): string {
  return sayDuration(language, seconds >= 120 ? Math.floor(seconds / 60) * 60 : seconds)
}

/** How long something was allowed, to the nearest minute: what was asked as an hour arrives as a second less. */
export function sayLasting(language: Language, seconds: number): string {
  return sayDuration(language, seconds >= 120 ? Math.round(seconds / 60) * 60 : seconds)
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
