import { open } from 'node:fs/promises'

/** Longer lines are never written, so they are damage. */
export const maxLineBytes = 1024 * 1024

export interface Line {
  /** Without its newline. */
  readonly bytes: Buffer
  /** Where in the file it begins and where the next one does. */
  readonly start: number
  readonly end: number
  /** False for a last line without newline, and for one longer than `maxLineBytes`. */
  readonly whole: boolean
}

/** The lines of a file from a byte offset on, in portions, in constant memory; ends at the first that is not whole. */
export async function* readLines(file: string, from = 0): AsyncGenerator<readonly Line[]> {
  const handle = await open(file, 'r')
  try {
    let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0)
    let restStart = from
    for (;;) {
      // A fresh buffer each time: lines that were handed out point into it.
      const chunk = Buffer.allocUnsafe(256 * 1024)
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, restStart + rest.length)
      if (bytesRead === 0) break
      const block = Buffer.concat([rest, chunk.subarray(0, bytesRead)])
      const lines: Line[] = []
      let at = 0
      for (let end = block.indexOf(10); end !== -1; end = block.indexOf(10, at)) {
        lines.push({
          bytes: block.subarray(at, end),
          start: restStart + at,
          end: restStart + end + 1,
          whole: true,
        })
        at = end + 1
      }
      rest = block.subarray(at)
      restStart += at
      if (lines.length > 0) yield lines
      if (rest.length > maxLineBytes) break
    }
    if (rest.length > 0)
      yield [{ bytes: rest, start: restStart, end: restStart + rest.length, whole: false }]
  } finally {
    await handle.close()
  }
}
