import type { Bench } from './bench.ts'

/** One value a subject, all measured shortly after each other. */
export type Values<Name extends string> = Partial<Record<Name, number | undefined>>

/** What one round found: by measure, then by subject. */
export interface Round<Measure extends string, Name extends string> {
  readonly values: Readonly<Record<Measure, Values<Name>>>
  /** The largest share of the proxy's core that others took in any turn. */
  readonly foreignShare: number | undefined
}

export interface Rounds<Measure extends string, Name extends string> {
  readonly series: Readonly<Record<Measure, Partial<Record<Name, readonly number[]>>>>
  /** Of the rounds that count. */
  readonly foreignShare: readonly number[]
  /** Rounds that do not count, because others were busier in them. */
  readonly discarded: number
}

/** With less of the core gone to others, a round counts as undisturbed. */
export const calmShare = 0.15

/**
 * Runs rounds until enough of them were undisturbed, or the plan's patience is at its end; then the calmest count, in
 * the order they were run. What is chosen by is how busy others were, never what was measured.
 */
export async function runRounds<Measure extends string, Name extends string>(
  { plan, say }: Pick<Bench, 'plan' | 'say'>,
  what: string,
  wanted: number,
  run: (round: number) => Promise<Round<Measure, Name>>,
): Promise<Rounds<Measure, Name>> {
  const all: Round<Measure, Name>[] = []
  const isCalm = ({ foreignShare = 0 }: Round<Measure, Name>) => foreignShare < calmShare
  while (all.length < wanted * plan.patience && all.filter(isCalm).length < wanted) {
    const calm = all.filter(isCalm).length
    say(`${what}: round ${all.length + 1}, ${calm} of ${wanted} undisturbed so far`)
    all.push(await run(all.length))
  }
  const calmest = all
    .map(({ foreignShare = 0 }, index) => ({ foreignShare, index }))
    .sort((a, b) => a.foreignShare - b.foreignShare)
    .slice(0, wanted)
    .map(({ index }) => index)
    .sort((a, b) => a - b)
  const kept = calmest.map((index) => all[index] as Round<Measure, Name>)
  return {
    series: transpose(kept),
    foreignShare: kept.flatMap(({ foreignShare }) => foreignShare ?? []),
    discarded: all.length - kept.length,
  }
}

/** From rounds of measures of subjects to measures of subjects of rounds. A subject without a value has no series. */
function transpose<Measure extends string, Name extends string>(
  rounds: readonly Round<Measure, Name>[],
): Rounds<Measure, Name>['series'] {
  const series: Partial<Record<Measure, Partial<Record<Name, number[]>>>> = {}
  for (const { values } of rounds)
    for (const [measure, byName] of Object.entries(values) as [Measure, Values<Name>][]) {
      const kept: Partial<Record<Name, number[]>> = (series[measure] ??= {})
      for (const [name, value] of Object.entries(byName) as [Name, number | undefined][]) {
        const list = (kept[name] ??= [])
        if (value === undefined) delete kept[name]
        else list.push(value)
      }
    }
  return series as Rounds<Measure, Name>['series']
}
