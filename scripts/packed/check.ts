/** One thing that must hold of what is published. */
export interface Check {
  /** Names the package, the entry point and the Node, as far as they matter. */
  readonly what: string
  readonly faults: readonly string[]
  /** What to mend when there are faults. */
  readonly fix: string
}

export function report({ what, faults, fix }: Check): string {
  if (faults.length === 0) return `✔ ${what}\n`
  return [`✖ ${what}`, ...faults.map((fault) => `  ${fault}`), `  fix: ${fix}`, ''].join('\n')
}
