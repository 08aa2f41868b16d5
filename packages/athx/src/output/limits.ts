type Limits = Readonly<Record<string, unknown>>

/** `rate_limit 20/minute, access_time 9:00-18:00 Asia/Shanghai`: what a gateway says limits a permission (U13). */
export const limitsLine = (all: readonly Limits[]): string =>
  [...new Set(all.flatMap(parts))].join(', ')

function parts(limits: Limits): readonly string[] {
  const { and, by_provider, access_time, access_timezone = '', ...rest } = limits
  return [
    ...(access_time === undefined
      ? []
      : [`access_time ${written(access_time)} ${written(access_timezone)}`.trim()]),
    ...Object.entries(rest).map(([name, value]) => `${name} ${written(value)}`),
    ...listed(and).flatMap(parts),
    ...Object.entries(by_provider ?? {}).flatMap(([provider, limits]) =>
      listed(limits)
        .flatMap(parts)
        .map((part) => `${part} at ${provider}`),
    ),
  ]
}

const listed = (value: unknown): readonly Limits[] => (Array.isArray(value) ? value : [])

const written = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(written).join(' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
