/** One fenced block of a page, with what the comment above it says is done with it. */
export interface Block {
  /** `README.md:31`, where its fence begins. */
  readonly place: string
  readonly language: string
  readonly text: string
  readonly orders: readonly Order[]
}

/** One order of a comment like `<!-- file sallyport.yaml; check start -->`. */
export interface Order {
  readonly name: (typeof orderNames)[number]
  readonly value: string
}

/**
 * - `file NAME`: the reader saves the block under this name.
 * - `check dev|start`: it is a configuration that `sallyport check` takes as it is.
 * - `run`: its commands are run one after the other; each must end with 0, or with one of `exits 0 5` in order.
 * - `until TEXT`: it runs on in a terminal of its own, once it has said TEXT.
 * - `person`: a person opens the page that it prints and says yes there.
 * - `says TEXT`: after its commands, what runs on in another terminal says TEXT.
 * - `prints`: the run before it printed these lines; `…` stands for anything.
 * - `compiles`: TypeScript that compiles: in a package's README with the package installed (scripts/packed.ts), in other
 *   pages from the sources (scripts/pages.test.ts), with the page's other blocks beside it.
 * - `not run: REASON`: it is not run, and why.
 */
const orderNames = [
  'file',
  'check',
  'run',
  'exits',
  'until',
  'person',
  'says',
  'prints',
  'compiles',
  'not run',
] as const

/** The languages whose blocks are either used or carry a reason why not. */
export const checkedLanguages = ['sh', 'yaml', 'js', 'ts', 'json', 'ini'] as const

const fenced =
  /(?:^<!-- (?<orders>[^\n]*?) -->\n+)?^```(?<language>\S*)[^\n]*\n(?<text>[\s\S]*?)^```$/gm

export function readBlocks(page: string, source: string): readonly Block[] {
  return [...source.matchAll(fenced)].map((match) => {
    const { orders = '', language = '', text = '' } = match.groups ?? {}
    const fence = match.index + match[0].indexOf('```')
    const line = source.slice(0, fence).split('\n').length
    const place = `${page}:${line}`
    const read = orders === '' ? [] : readOrders(orders, place)
    if ((checkedLanguages as readonly string[]).includes(language) && read.length === 0)
      throw new Error(`${place}: this block is neither used nor says why not`)
    return { place, language, text, orders: read }
  })
}

function readOrders(text: string, place: string): readonly Order[] {
  if (text.startsWith('not run:')) {
    const value = text.slice('not run:'.length).trim()
    if (value === '') throw new Error(`${place}: \`not run\` needs a reason`)
    return [{ name: 'not run', value }]
  }
  return text.split(';').map((part) => {
    const [word = '', ...rest] = part.trim().split(' ')
    const name = orderNames.find((known) => known === word)
    if (!name) throw new Error(`${place}: there is no order \`${word}\``)
    return { name, value: rest.join(' ') }
  })
}

export const findOrder = (block: Block, name: Order['name']): string | undefined =>
  block.orders.find((order) => order.name === name)?.value

/** The commands of a `sh` block: comments gone, continued lines joined. */
export function readCommands(text: string): readonly string[] {
  return text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s{2,})# .*$/, '').trim())
    .filter((line) => line !== '')
}
