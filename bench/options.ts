/** How much is measured. Times are seconds, sizes bytes. */
export interface Plan {
  readonly quick: boolean
  readonly rounds: number
  /** How many times as many rounds may be run, until enough were undisturbed by others on the machine. */
  readonly patience: number
  readonly throughputSeconds: number
  readonly connections: number
  readonly latencySeconds: number
  readonly ratePerSecond: number
  readonly streams: number
  readonly eventsPerSecond: number
  readonly streamSeconds: number
  readonly streamRounds: number
  readonly transferBytes: number
  readonly starts: number
  readonly fewTokens: number
  readonly manyTokens: number
  readonly auditRecords: number
  readonly handshakes: number
  readonly nativeCalls: number
}

const full: Plan = {
  quick: false,
  rounds: 7,
  patience: 3,
  throughputSeconds: 3,
  connections: 64,
  latencySeconds: 5,
  ratePerSecond: 1000,
  streams: 500,
  eventsPerSecond: 20,
  streamSeconds: 5,
  streamRounds: 3,
  transferBytes: 1024 ** 3,
  starts: 7,
  fewTokens: 1000,
  manyTokens: 100_000,
  auditRecords: 400_000,
  handshakes: 2000,
  nativeCalls: 40_000,
}

const quick: Plan = {
  ...full,
  quick: true,
  rounds: 3,
  patience: 1,
  throughputSeconds: 1,
  latencySeconds: 1,
  streams: 100,
  streamSeconds: 2,
  streamRounds: 1,
  transferBytes: 256 * 1024 ** 2,
  starts: 3,
  manyTokens: 20_000,
  auditRecords: 100_000,
  handshakes: 500,
  nativeCalls: 10_000,
}

export const parts = [
  'throughput',
  'latency',
  'streams',
  'transfers',
  'start',
  'tokens',
  'audit',
  'handshakes',
  'native',
] as const
export type Part = (typeof parts)[number]

export interface Options {
  readonly plan: Plan
  readonly only: ReadonlySet<Part>
  /** Whether bench/results is written. Partial runs never are. */
  readonly keep: boolean
}

export const help = `npm run bench [-- --quick] [--only <part>,...] [--no-write]

Measures the gateway's proxied call (valid token, scope map, audit on) beside a bare Node reverse proxy on undici, one
on http.Agent, the gateway's own listener and transport without the story, and nginx where it is installed; and the
nine-step handshake beside its cryptography alone, and an agent's call to an Express app beside a person's. All of them take turns in every round; ratios are those of one round, and the median of them is shown. A full run repeats rounds in
which others on the machine were busy.
  --quick       fewer and shorter rounds: under two minutes instead of about ten
  --only        some of: ${parts.join(', ')}; writes no results
  --no-write    leaves bench/results as it is
  --help        this text

Loads come from wrk where it is installed, else from a generator of our own. With taskset
and two cores, load and upstream run on the second and the proxy under test on the first.
Raw results: bench/results/<date>-<commit>.json and latest.json beside it, from which \`npm run docs\` makes the table in
README.md; those of a quick run: bench/results/tmp.
`

/** Reads the command line. A string is what is wrong with it; undefined asks for the help text. */
export function readOptions(args: readonly string[]): Options | string | undefined {
  let plan = full
  let keep = true
  let only: ReadonlySet<Part> = new Set(parts)
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (arg === '--help' || arg === '-h') return undefined
    if (arg === '--quick') plan = quick
    else if (arg === '--no-write') keep = false
    else if (arg === '--only') {
      const names = (args[++index] ?? '').split(',')
      const wrong = names.find((name) => !parts.includes(name as Part))
      if (wrong !== undefined) return `--only: \`${wrong}\` is none of ${parts.join(', ')}`
      only = new Set(names as Part[])
      keep = false
    } else return `\`${arg}\` is unknown; see --help`
  }
  return { plan, only, keep }
}
