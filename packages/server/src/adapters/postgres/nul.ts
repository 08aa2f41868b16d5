/**
 * PostgreSQL's `text` holds every character but U+0000, and callers may send it: a private-use character stands for it, so
 * that it comes back as it was instead of making the store look dead.
 */
const escape = '\uE000'

/** Text as it is stored. */
export function withoutNul(value: unknown): unknown {
  if (typeof value !== 'string' || !/[\0\uE000]/.test(value)) return value
  return value.replaceAll(escape, `${escape}1`).replaceAll('\0', `${escape}0`)
}

/** The row as it was before it was stored. */
export function withNul<Row extends object>(row: Row): Row {
  if (!Object.values(row).some(isEscaped)) return row
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      isEscaped(value)
        ? value.replaceAll(/\uE000([01])/g, (_, digit) => (digit === '0' ? '\0' : escape))
        : value,
    ]),
  ) as Row
}

const isEscaped = (value: unknown): value is string =>
  typeof value === 'string' && value.includes(escape)
