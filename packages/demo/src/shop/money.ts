/** Amounts are whole fen (1/100 ¥) inside, so that sums are exact; the API speaks of yuan. */
export const toYuan = (fen: number): number => fen / 100

/** `¥39.90`, `¥1,280`: fen are shown where there are any. */
export function sayPrice(fen: number): string {
  const digits = fen % 100 === 0 ? 0 : 2
  return `¥${toYuan(fen).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`
}
