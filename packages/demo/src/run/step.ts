/** A sentence in both languages of the product. */
export interface Text {
  readonly en: string
  readonly zh: string
}

/** What a step found: whether it is what it should be, and what it was. */
export interface Finding {
  readonly ok: boolean
  /** Short, e.g. `200` or `403 SCOPE_NOT_APPROVED`. */
  readonly got: string
  /** Why, or what else is worth knowing: lines below the result. */
  readonly because: readonly string[]
}

/** One thing that the demo shows, and what has to come out of it. */
export interface Step<Stage> {
  /** Stable, for machines. */
  readonly name: string
  readonly title: Text
  readonly expected: string
  run(stage: Stage): Promise<Finding>
}

export interface StepReport {
  readonly step: number
  readonly name: string
  readonly ok: boolean
  readonly expected: string
  readonly got: string
  readonly ms: number
}

export interface Reporter {
  begin(step: number, title: Text): void
  end(report: StepReport, title: Text, because: readonly string[]): void
}

export interface Patience {
  /** A step that does not come back in this time has failed. A person gets longer. */
  readonly stepSeconds: number
  /** Aborted: no further step, and no word about the one that runs. */
  readonly signal?: AbortSignal
}

/**
 * Runs every step in turn. One that throws has failed, and the others still run: they tell how far the trouble goes.
 * Returns how many met their expectation.
 */
export async function runSteps<Stage>(
  steps: readonly Step<Stage>[],
  stage: Stage,
  reporter: Reporter,
  patience: Patience,
): Promise<number> {
  let met = 0
  for (const [index, step] of steps.entries()) {
    if (patience.signal?.aborted) break
    const number = index + 1
    reporter.begin(number, step.title)
    const startedAt = performance.now()
    const finding = await attempt(() => step.run(stage), patience.stepSeconds)
    if (patience.signal?.aborted) break
    if (finding.ok) met++
    const ms = Math.round(performance.now() - startedAt)
    const { name, expected, title } = step
    reporter.end(
      { step: number, name, ok: finding.ok, expected, got: finding.got, ms },
      title,
      finding.because,
    )
  }
  return met
}

async function attempt(run: () => Promise<Finding>, seconds: number): Promise<Finding> {
  const timer = Promise.withResolvers<Finding>()
  const timeout = setTimeout(
    () => timer.resolve({ ok: false, got: `nothing within ${seconds} s`, because: [] }),
    seconds * 1000,
  )
  try {
    return await Promise.race([run(), timer.promise])
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error))
    const [first = 'an error', ...rest] = message.split('\n')
    return { ok: false, got: first, because: rest.slice(0, 12) }
  } finally {
    clearTimeout(timeout)
  }
}

/** Several things have to hold at once; the first that does not is what was found instead. */
export function expectAll(
  got: string,
  conditions: Readonly<Record<string, boolean>>,
  because: readonly string[] = [],
): Finding {
  const broken = Object.entries(conditions).filter(([, holds]) => !holds)
  if (broken.length === 0) return { ok: true, got, because }
  return {
    ok: false,
    got,
    because: [...because, ...broken.map(([what]) => `not so: ${what}`)],
  }
}
