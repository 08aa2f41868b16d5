import { html, type Html } from './html.ts'

/**
 * Characters that people cannot see, or that change how what stands around them reads: controls, direction marks,
 * zero-width and filler characters, tags (Unicode TR36, TR39).
 */
const deceiving =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu

/** More marks than any script puts on one letter: they would run over the lines above and below. */
const markFlood = /(\p{M}{4})\p{M}+/gu

/** What somebody else wrote, as one line that reads as it stands. */
export function plainLine(text: string): string {
  return text
    .replace(/[\t\n\r]+/g, ' ')
    .replace(deceiving, '')
    .replace(markFlood, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Somebody else's text, set apart: its direction stays inside, and its language is not the page's. */
export function foreign(text: string, longest = 120): Html {
  const { head, rest } = splitText(plainLine(text), longest)
  return html`<bdi lang="">${head}${rest === '' ? '' : '…'}</bdi>`
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Cuts after `longest` characters as people count them. */
export function splitText(text: string, longest: number): { head: string; rest: string } {
  let count = 0
  for (const { index } of graphemes.segment(text))
    if (count++ === longest) return { head: text.slice(0, index), rest: text.slice(index) }
  return { head: text, rest: '' }
}
