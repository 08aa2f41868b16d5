/** A part of the day, in minutes after midnight. `from` may be later than `to`: then it wraps. */
export interface Hours {
  readonly from: number
  readonly to: number
}

const form = /^([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-4]):([0-5][0-9])$/

/** Reads `H:MM-H:MM` (U13). `24:00` may end a day. A span that is empty is refused: it would never be open. */
export function parseHours(text: string): Hours | undefined {
  const match = form.exec(text)
  if (!match) return undefined
  const from = Number(match[1]) * 60 + Number(match[2])
  const to = Number(match[3]) * 60 + Number(match[4])
  return to > 1440 || from === to ? undefined : { from, to }
}

/** Whether a minute of the day lies in the span: its first minute does, its last does not. */
export function includesMinute({ from, to }: Hours, minute: number): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}
