import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

export const headName = 'head.json'

export const segmentName = (segment: number): string => `${String(segment).padStart(6, '0')}.jsonl`

export const segmentPath = (dir: string, segment: number): string => join(dir, segmentName(segment))

/** The numbers of the segment files in a folder, ascending; none when there is no folder. */
export async function listSegments(dir: string): Promise<readonly number[]> {
  let names: readonly string[]
  try {
    names = await readdir(dir)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
  return names
    .map((name) => /^(\d{6,})\.jsonl$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}
