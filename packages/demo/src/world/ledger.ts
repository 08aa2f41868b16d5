import { createHash } from 'node:crypto'

/** Size of the export; the last row is padded so that it is exact. */
export const ledgerBytes = 5_000_000
const chunkBytes = 64 * 1024
const departments = ['航运部 Shipping', '财务部 Finance', '人事部 People', '仓储部 Storage']

/** The ledger, always the same: a byte-order mark, CRLF, Chinese text, as spreadsheets of its time wanted it. */
export function* ledgerChunks(): Generator<Buffer> {
  let pending: Buffer[] = [Buffer.from('\ufeffdate,entry,department,amount_cny,memo\r\n')]
  let pendingBytes = pending[0]?.length ?? 0
  let total = pendingBytes
  for (let entry = 1; total < ledgerBytes; entry++) {
    const row = ledgerRow(entry)
    const rest = ledgerBytes - total
    const bytes = rest < row.length + 64 ? Buffer.from(`${'#'.repeat(rest - 2)}\r\n`) : row
    pending.push(bytes)
    pendingBytes += bytes.length
    total += bytes.length
    if (pendingBytes < chunkBytes && total < ledgerBytes) continue
    yield Buffer.concat(pending)
    pending = []
    pendingBytes = 0
  }
}

function ledgerRow(entry: number): Buffer {
  const day = new Date(Date.UTC(2025, 0, 1 + (entry % 365))).toISOString().slice(0, 10)
  const amount = (((entry * 7919) % 1_000_003) / 100).toFixed(2)
  const department = departments[entry % departments.length]
  return Buffer.from(`${day},${entry},${department},${amount},"发票 invoice ""${entry * 31}"""\r\n`)
}

/** What the ledger's SHA-256 has to be, wherever it arrives. */
export function ledgerSha256(): string {
  const hash = createHash('sha256')
  for (const chunk of ledgerChunks()) hash.update(chunk)
  return hash.digest('hex')
}
