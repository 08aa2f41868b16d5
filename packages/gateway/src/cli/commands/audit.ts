import type { Command } from 'commander'
import { suggest } from '@ath-protocol/server/parts'
import { printable } from '../../config/problem.ts'
import { readDuration } from '../../config/quantity.ts'
import type { AuditFindings, AuditRecord } from '../../ports/audit-reader.ts'
import { addCommand } from '../command.ts'
import { Complaint } from '../complaint.ts'
import { answer, type Context } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import { findDataDir } from '../find-config.ts'
import type { Act } from '../program.ts'

/** The fields that a query may ask for. */
const fields = [
  'id',
  'event',
  'outcome',
  'reached',
  'agent_id',
  'client_id',
  'user_id',
  'provider_id',
  'grant_id',
  'denial_reason',
  'method',
  'path',
  'token_ref',
  'ip',
  'decided_by',
  'upstream_status',
] as const

interface QueryOptions {
  readonly since?: string
  readonly until?: string
  readonly limit?: string
}

export function addAuditCommands(program: Command, act: Act): void {
  const audit = addCommand(program, {
    usage: 'audit',
    summary: 'read the audit records and prove that nobody changed them',
    examples: [
      ['sallyport audit tail -f', 'watch decisions as they are made'],
      ['sallyport audit query outcome=denied --since 1d', 'what was refused since yesterday'],
      ['sallyport audit verify', 'is every record as it was written?'],
    ],
  })
  addCommand(audit, {
    usage: 'tail',
    summary: 'show the last records, and go on with new ones',
    examples: [
      ['sallyport audit tail', 'the last 20'],
      ['sallyport audit tail -f', 'go on until Ctrl-C'],
      ['sallyport audit tail -n 1 --json', 'the newest, as one JSON line'],
    ],
    next: 'sallyport audit query',
  })
    .option('-n, --lines <count>', 'how many', '20')
    .option('-f, --follow', 'go on with new records until Ctrl-C')
    .action(act(tail))
  addCommand(audit, {
    usage: 'query [field=value...]',
    summary: 'find records; all conditions must hold',
    examples: [
      ['sallyport audit query event=access_granted', 'who was let in'],
      ['sallyport audit query user_id=usr_x1 provider_id=oa --since 7d', 'done for one user'],
      ['sallyport audit query outcome=denied --since 1h --json', 'refusals, as JSON lines'],
    ],
    next: 'sallyport audit verify',
  })
    .option('--since <when>', 'not before: 7d, 12h, or 2026-11-22T08:00:00Z')
    .option('--until <when>', 'not after, likewise')
    .option('--limit <count>', 'at most so many, the newest (default: all)')
    .action(act(query))
  addCommand(audit, {
    usage: 'verify',
    summary: 'prove that no record was changed, dropped or moved',
    examples: [
      ['sallyport audit verify', 'the log of the configuration in this folder'],
      ['sallyport audit verify --data-dir /backup/sallyport', 'a copy of it'],
      ['sallyport audit verify --json', 'for machines; exit status 8 when it does not hold'],
    ],
  }).action(act(verify))
}

async function tail(
  context: Context,
  options: { readonly lines: string; readonly follow?: boolean },
): Promise<number> {
  const count = readCount('--lines', options.lines)
  const reader = await openReader(context)
  const stop = new AbortController()
  const letGo = context.terminal.onSignal(() => stop.abort())
  try {
    let held: AuditRecord[] = []
    // Two passes: the old records only pass through, so that a long log is not held in memory.
    for await (const record of reader.read()) {
      held.push(record)
      if (held.length > count + 1000) held = held.slice(-count)
    }
    const newest = held.at(-1)?.seq ?? 0
    for (const record of count === 0 ? [] : held.slice(-count)) print(context, record)
    if (options.follow === true)
      for await (const record of reader.read({ signal: stop.signal }))
        if (record.seq > newest) print(context, record)
  } finally {
    letGo()
  }
  return exitCode.ok
}

async function query(
  context: Context,
  conditions: readonly string[],
  options: QueryOptions,
): Promise<number> {
  const matches = conditions.map(readCondition)
  const since = options.since === undefined ? undefined : readWhen('--since', options.since)
  const until = options.until === undefined ? undefined : readWhen('--until', options.until)
  const limit = options.limit === undefined ? undefined : readCount('--limit', options.limit)
  const reader = await openReader(context)
  let held: AuditRecord[] = []
  let found = 0
  for await (const record of reader.read()) {
    if (since !== undefined && record.timestamp < since) continue
    if (until !== undefined && record.timestamp > until) continue
    if (!matches.every((match) => match(record))) continue
    found++
    if (limit === undefined) print(context, record)
    else {
      held.push(record)
      if (held.length > limit + 1000) held = held.slice(-limit)
    }
  }
  for (const record of limit === undefined || limit === 0 ? [] : held.slice(-limit))
    print(context, record)
  if (!context.json) context.terminal.err(`${found} found\n`)
  return exitCode.ok
}

async function verify(context: Context): Promise<number> {
  const findings = await (await openReader(context)).verify()
  answer(
    context,
    { ok: findings.fault === undefined, ...asWire(findings) },
    writeFindings(findings),
  )
  return findings.fault ? exitCode.trust : exitCode.ok
}

async function openReader(context: Context) {
  const dataDir = findDataDir(context)
  const composition = await context.loadComposition()
  return composition.openAuditReader(dataDir)
}

/** Under `--json` one line a record, so that endless output can be read as it comes. */
function print(context: Context, record: AuditRecord): void {
  context.terminal.out(`${context.json ? JSON.stringify(record) : writeRecord(record, context)}\n`)
}

function writeRecord(record: AuditRecord, { style }: Context): string {
  const paint = record.outcome === 'allowed' ? style.green : style.red
  const who = [record.agent_id, record.user_id && `for ${record.user_id}`].filter(Boolean)
  const what = [
    record.provider_id,
    record.method,
    record.path,
    record.upstream_status,
    record.effective_scopes?.join(','),
  ].filter((part) => part !== undefined && part !== '')
  const why = [
    record.denial_reason,
    record.decided_by && `by ${record.decided_by}`,
    record.reached && `at ${record.reached}`,
  ].filter(Boolean)
  return (
    printable([record.timestamp, record.event, ...who, ...what, ...why].join('  ')).replace(
      record.event,
      `${record.event}  ${paint(record.outcome)}`,
    ) + `  ${style.dim(record.id)}`
  )
}

function writeFindings(findings: AuditFindings): string {
  const { records, segments, checkpoints, unsignedRecords, fault } = findings
  const counted = `${records} records in ${segments} segments, ${checkpoints} signed checkpoints`
  if (fault)
    return `DOES NOT HOLD  segment ${fault.segment}, line ${fault.line}: ${printable(fault.problem)}\n${counted} before it\n`
  const unsigned = unsignedRecords > 0 ? `, the last ${unsignedRecords} not signed yet` : ''
  return `intact  ${counted}${unsigned}\n`
}

function asWire(findings: AuditFindings): object {
  return {
    segments: findings.segments,
    records: findings.records,
    checkpoints: findings.checkpoints,
    unsigned_records: findings.unsignedRecords,
    unfinished_bytes: findings.unfinishedBytes,
    ...(findings.fault ? { fault: findings.fault } : {}),
  }
}

function readCondition(text: string): (record: AuditRecord) => boolean {
  const cut = text.indexOf('=')
  const field = cut < 0 ? text : text.slice(0, cut)
  const wanted = text.slice(cut + 1)
  if (cut < 0 || !(fields as readonly string[]).includes(field))
    throw new Complaint(
      exitCode.usage,
      cut < 0 ? `\`${text}\` is not a condition` : `records have no field \`${field}\``,
      { fix: cut < 0 ? 'write field=value, like event=access_denied' : suggest(field, fields) },
    )
  return (record) => String(record[field as (typeof fields)[number]] ?? '') === wanted
}

/** RFC 3339 in UTC, as the records have it, so that texts compare like times. */
function readWhen(option: string, text: string): string {
  const ago = readDuration(text)
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago * 1000
  const date = new Date(at)
  if (!Number.isNaN(date.getTime())) return date.toISOString()
  throw new Complaint(exitCode.usage, `${option}: \`${text}\` is not a time`, {
    fix: 'write how long ago (30m, 12h, 7d) or a time (2026-11-22T08:00:00Z)',
  })
}

function readCount(option: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new Complaint(exitCode.usage, `${option}: \`${text}\` is not a count`, {
    fix: 'write a whole number, 0 to 999999',
  })
}
