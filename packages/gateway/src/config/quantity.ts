/** Durations, sizes and rates as people write them in the configuration: `8h`, `1GiB`, `30/minute`. */

const secondsPer = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const bytesPer = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const
const secondsIn = { second: 1, minute: 60, hour: 3600 } as const

export const durationPattern = /^(\d{1,9})(s|m|h|d)$/
export const sizePattern = /^(\d{1,9})(B|KiB|MiB|GiB)$/
export const ratePattern = /^(?:([1-9]\d{0,8})\/(second|minute|hour)|none)$/

/** Seconds; undefined when it is not a duration. */
export function readDuration(text: string): number | undefined {
  const match = durationPattern.exec(text)
  return match ? Number(match[1]) * secondsPer[match[2] as keyof typeof secondsPer] : undefined
}

/** Bytes; undefined when it is not a size. */
export function readSize(text: string): number | undefined {
  const match = sizePattern.exec(text)
  return match ? Number(match[1]) * bytesPer[match[2] as keyof typeof bytesPer] : undefined
}

/** `none` is no limit. Undefined when it is not a rate. */
export function readRate(
  text: string,
): { readonly count: number; readonly perSeconds: number } | 'none' | undefined {
  if (text === 'none') return 'none'
  const match = ratePattern.exec(text)
  if (!match) return undefined
  return {
    count: Number(match[1]),
    perSeconds: secondsIn[match[2] as keyof typeof secondsIn],
  }
}

export function writeDuration(seconds: number): string {
  return inLargestUnit(seconds, secondsPer) ?? `${seconds}s`
}

export function writeSize(bytes: number): string {
  return inLargestUnit(bytes, bytesPer) ?? `${bytes}B`
}

export function writeRate(rate: { readonly count: number; readonly perSeconds: number }): string {
  const unit = Object.entries(secondsIn).find(([, seconds]) => seconds === rate.perSeconds)?.[0]
  return `${rate.count}/${unit ?? `${rate.perSeconds}s`}`
}

function inLargestUnit(
  amount: number,
  units: Readonly<Record<string, number>>,
): string | undefined {
  const [unit, factor] =
    Object.entries(units).findLast(([, size]) => amount >= size && amount % size === 0) ?? []
  return unit === undefined || factor === undefined ? undefined : `${amount / factor}${unit}`
}
