import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Signer } from '@ath-protocol/server/parts'
import { sealLine } from './chain.ts'
import { headName, segmentPath } from './segments.ts'
import { type SignedHead, signHead } from './signed-head.ts'
import { replaceTextFile, syncDirectory, writeWhole } from './text-file.ts'
import { enterSegment, format, type Header, type Position } from './walk.ts'

export interface LogWriterOptions {
  readonly dir: string
  readonly chain: string
  readonly signer: Signer
  /** Now as RFC 3339. */
  readonly timestamp: () => string
  readonly segmentBytes: number
  readonly checkpointRecords: number
}

/** Appends to the segment files. Its methods must not overlap; what it throws means the log cannot go on. */
export interface LogWriter {
  /** Seals and writes records; `bodies[i]` has the sequence number after the one before. Rotates and checkpoints on the way. */
  append(bodies: readonly string[]): Promise<void>
  /** Records since the last checkpoint. */
  uncheckpointed(): number
  checkpoint(): Promise<void>
  /** All that was appended is on disk, and covered by the signed head beside it. */
  sync(mode: { readonly closed: boolean; readonly durableHead: boolean }): Promise<SignedHead>
  close(): Promise<void>
}

/** Opens the log where it ends, or a new one, and signs it as open before anything follows. */
export async function openLogWriter(options: LogWriterOptions, from: Position): Promise<LogWriter> {
  const { dir, chain, signer, timestamp, segmentBytes, checkpointRecords } = options
  let { segment, line, bytes, seq, hash } = from
  let uncheckpointed = 0
  let handle: FileHandle

  const write = async (bodies: readonly string[]) => {
    let text = ''
    for (const body of bodies) {
      const sealed = sealLine(body, hash)
      text += `${sealed.text}\n`
      hash = sealed.hash
    }
    const buffer = Buffer.from(text)
    await writeWhole(handle, buffer)
    bytes += buffer.length
    line += bodies.length
  }
  const head = (closed: boolean) =>
    signHead({ chain, segment, bytes, seq, hash, at: timestamp(), closed }, signer)
  const checkpoint = async () => {
    await write([`{"checkpoint":${JSON.stringify(await head(false))}`])
    uncheckpointed = 0
  }
  const writeHeader = async () => {
    const header: Header = {
      format,
      chain,
      segment,
      first_seq: seq + 1,
      timestamp: timestamp(),
    }
    await write([`{"header":${JSON.stringify(header)}`])
  }
  const openSegment = async () => {
    handle = await open(segmentPath(dir, segment), 'a', 0o600)
    if (line === 0) await writeHeader()
    await syncDirectory(dir)
  }
  const rotate = async () => {
    if (uncheckpointed > 0) await checkpoint()
    await handle.datasync()
    await handle.close()
    ;({ segment, line, bytes } = enterSegment({ ...from, segment, line, bytes }, segment + 1))
    await openSegment()
  }

  const sync: LogWriter['sync'] = async ({ closed, durableHead }) => {
    await handle.datasync()
    const signed = await head(closed)
    await replaceTextFile(join(dir, headName), `${JSON.stringify(signed)}\n`, durableHead)
    return signed
  }

  if (segment === 0) segment = 1
  await openSegment()
  await sync({ closed: false, durableHead: true })
  return {
    async append(bodies) {
      for (let at = 0; at < bodies.length; ) {
        const room = checkpointRecords - uncheckpointed
        const portion = takeBytes(bodies, at, room, segmentBytes - bytes)
        await write(portion)
        at += portion.length
        seq += portion.length
        uncheckpointed += portion.length
        if (uncheckpointed >= checkpointRecords) await checkpoint()
        if (bytes >= segmentBytes) await rotate()
      }
    },
    uncheckpointed: () => uncheckpointed,
    checkpoint,
    sync,
    close: () => handle.close(),
  }
}

/** At least one record, at most `count`, and no more once their length reaches `bytes`. */
function takeBytes(
  bodies: readonly string[],
  from: number,
  count: number,
  bytes: number,
): readonly string[] {
  let end = from
  for (let length = 0; end < bodies.length && end - from < count && length < bytes; end++)
    length += (bodies[end] as string).length
  return bodies.slice(from, Math.max(end, from + 1))
}
