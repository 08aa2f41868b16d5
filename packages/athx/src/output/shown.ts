/** Text from elsewhere, safe on a terminal: no control sequences, nothing that changes direction or hides. */
export function shown(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
    '\ufffd',
  )
}

/** A secret as it may be seen: its kind, and that it is there. */
export function mask(secret: string): string {
  return `${/^ath_(?:tk|secret|code)_/.exec(secret)?.[0] ?? ''}••••••`
}

/** `7 h 41 m`, `8 h`, `41 m`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  if (h > 0) return m > 0 ? `${h} h ${m} m` : `${h} h`
  return m > 0 ? `${m} m` : `${s} s`
}

/** How long something was allowed, to the nearest minute: what was asked as an hour arrives as a second less. */
export const lasting = (seconds: number): string =>
  duration(seconds < 120 ? seconds : Math.round(seconds / 60) * 60)

/** Columns by the widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
