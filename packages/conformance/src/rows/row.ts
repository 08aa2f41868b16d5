import type { Mode } from '../subject/settings.ts'

/**
 * How strongly ATH 0.1 asks. `fact`: stated without a keyword. `peer`: what deployed clients and servers do. `open`: an
 * answer to what the text of the nine-step handshake leaves open.
 */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'MAY' | 'OPTIONAL' | 'fact' | 'peer' | 'open'

export type Handshake = 'two-phase' | 'nine-step'

/** One requirement of ATH 0.1, in our words. */
export interface Row {
  readonly id: string
  readonly level: Level
  readonly text: string
  readonly handshake: Handshake
  readonly modes: readonly Mode[]
  /** The check that shows it, or why nothing that goes over the wire can. */
  readonly seen: { readonly check: string } | { readonly unseen: string }
}

type Seen = Row['seen'] & { readonly modes?: readonly Mode[] }

/** Shown by this check. */
export const by = (check: string, ...modes: readonly Mode[]): Seen => ({
  check,
  ...(modes.length === 0 ? {} : { modes }),
})

export const unseen = (why: string): Seen => ({ unseen: why })

/** A row without its number. */
export type Entry = readonly [Level, string, Seen]

const both: readonly Mode[] = ['gateway', 'native']

/** Numbers entries from 1, after a letter. */
export const numbered = (
  letter: string,
  handshake: Handshake,
  entries: readonly Entry[],
): readonly Row[] =>
  entries.map(([level, text, { modes = both, ...seen }], index) => ({
    id: `${letter}${index + 1}`,
    level,
    text,
    handshake,
    modes,
    seen,
  }))
