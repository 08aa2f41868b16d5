import { after, before } from 'node:test'

/** One adapter, opened for a contract suite. */
export interface Opened<Port> {
  readonly port: Port
  close?(): Promise<void>
}

export type Open<Port> = () => Promise<Opened<Port>>

/** Opens an adapter for all tests of a suite; the tests use keys of their own instead of an empty store each. */
export function useAdapter<Port>(open: Open<Port>): () => Port {
  let opened: Opened<Port> | undefined
  before(async () => {
    opened = await open()
  })
  after(() => opened?.close?.())
  return () => {
    if (!opened) throw new Error('the adapter is not open')
    return opened.port
  }
}

let counter = 0
/** A value that no other test of this process uses. */
export const unique = (name: string): string => `${name}-${++counter}`

/** Calls at once, so many times. */
export const inParallel = <Value>(
  count: number,
  call: (index: number) => Promise<Value>,
): Promise<readonly Value[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))
