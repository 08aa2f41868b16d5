import type { Composition } from './composition.ts'
import type { Style, Terminal } from './terminal.ts'

/** What every command works with. */
export interface Context {
  readonly terminal: Terminal
  readonly style: Style
  readonly json: boolean
  /** `--config`, as given. */
  readonly configFile: string | undefined
  /** `--data-dir`, as given. */
  readonly dataDir: string | undefined
  /** Loaded only when needed: `check` and `schema` stay quick. */
  loadComposition(): Promise<Composition>
}

/** The result: one JSON document under `--json`, else the text. */
export function answer(context: Context, value: object, text: string): void {
  context.terminal.out(context.json ? `${JSON.stringify(value, null, 2)}\n` : text)
}
