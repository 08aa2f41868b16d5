import type { Redis } from 'ioredis'
import type { Commit } from './commit.ts'

/** What a table stands on. */
export interface RedisPorts {
  readonly redis: Redis
  readonly commit: Commit
  /** Begins every key. */
  readonly prefix: string
}

/** How the rows of a table are found. A row is JSON, with what is secret sealed. */
export interface TableOptions<Row> {
  readonly name: string
  readonly idOf: (row: Row) => string
  /** Values that no two rows share, by index. An update may drop one, never take another. */
  readonly unique?: (row: Row) => Readonly<Record<string, string | undefined>>
  /** The lists that the row is in. */
  readonly lists?: (row: Row) => readonly string[]
  /** Instants that matter, by index, in Unix seconds; a sweep goes by `ends`. */
  readonly due?: (row: Row) => Readonly<Record<string, number | undefined>>
}

export interface Table<Row> {
  /** False when its id or a unique value is taken. */
  insert(row: Row): Promise<boolean>
  find(id: string): Promise<Row | undefined>
  findUnique(index: string, value: string): Promise<Row | undefined>
  /** The rows of a list, in no order. */
  list(name: string): Promise<readonly Row[]>
  /** Puts what `change` makes of the row in its place; undefined when there is no row or `change` gives none. */
  update(id: string, change: (row: Row) => Row | undefined): Promise<Row | undefined>
  /** Returns what was there: of two callers one gets it. */
  remove(id: string, may?: (row: Row) => boolean): Promise<Row | undefined>
  /** Ids that are due by `upTo`. */
  dueBy(index: string, upTo: number): Promise<readonly string[]>
  /** Removes the rows whose `ends` is before `before`; returns how many. */
  sweep(before: number): Promise<number>
}

/**
 * How much longer than its end Redis keeps a row at least: longer than any sweep lets it be, so that a store that nobody
 * sweeps empties itself and one that is swept behaves like every other.
 */
const graceSeconds = 3 * 86_400
/** A sweep goes through so many at a time. */
const sweepBatch = 200

/** Rows with indexes in Redis. Every change of a row and of what finds it is one atomic step. */
export function createTable<Row extends object>(
  { redis, commit, prefix }: RedisPorts,
  options: TableOptions<Row>,
): Table<Row> {
  const { name, lists = () => [] } = options
  const unique = options.unique ?? nowhere<string>
  const due = options.due ?? nowhere<number>
  const idOf = (row: Row) => plain(options.idOf(row))
  const keyOf = (id: string) => `${prefix}:${name}:${plain(id)}`
  const uniqueKey = (index: string, value: string) => `${prefix}:${name}/${index}:${plain(value)}`
  const listKey = (list: string) => `${prefix}:${name}/in:${plain(list)}`
  const dueKey = (index: string) => `${prefix}:${name}/due:${index}`

  const uniqueKeys = (row: Row) =>
    Object.entries(unique(row)).flatMap(([index, value]) =>
      value === undefined ? [] : [uniqueKey(index, value)],
    )
  const dues = (row: Row) =>
    Object.entries(due(row)).flatMap(([index, at]) =>
      at === undefined ? [] : [[dueKey(index), String(at)] as const],
    )

  /** Everything that stores a row and makes it found. */
  const adding = (row: Row) => {
    const id = idOf(row)
    const until = keptFor(due(row)['ends'])
    return [
      ['SET', keyOf(id), JSON.stringify(row), ...until] as const,
      ...uniqueKeys(row).map((key) => ['SET', key, id, ...until] as const),
      ...lists(row).map((list) => ['SADD', listKey(list), id] as const),
      ...dues(row).map(([key, at]) => ['ZADD', key, at, id] as const),
    ]
  }
  const removing = (row: Row) => {
    const id = idOf(row)
    return [
      ...[keyOf(id), ...uniqueKeys(row)].map((key) => ['DEL', key] as const),
      ...lists(row).map((list) => ['SREM', listKey(list), id] as const),
      ...dues(row).map(([key]) => ['ZREM', key, id] as const),
    ]
  }
  const read = (text: string) => JSON.parse(text) as Row

  const table: Table<Row> = {
    insert: (row) =>
      commit({
        expected: [keyOf(idOf(row)), ...uniqueKeys(row)].map((key) => [key, undefined]),
        commands: adding(row),
      }),
    async find(id) {
      const text = await redis.get(keyOf(id))
      return text === null ? undefined : read(text)
    },
    async findUnique(index, value) {
      const id = await redis.get(uniqueKey(index, value))
      return id === null ? undefined : table.find(id)
    },
    async list(list) {
      const ids = await redis.smembers(listKey(list))
      if (ids.length === 0) return []
      const texts = await redis.mget(ids.map(keyOf))
      // What Redis let go by itself is taken out of the list when somebody looks.
      await Promise.all(
        ids
          .filter((_, index) => texts[index] === null)
          .map((id) =>
            commit({
              expected: [[keyOf(id), undefined]],
              commands: [['SREM', listKey(list), id]],
            }),
          ),
      )
      return texts.flatMap((text) => (text === null ? [] : [read(text)]))
    },
    async update(id, change) {
      for (;;) {
        const text = await redis.get(keyOf(id))
        if (text === null) return undefined
        const row = read(text)
        const next = change(row)
        if (!next) return undefined
        const expected = [[keyOf(id), text] as const]
        if (await commit({ expected, commands: [...removing(row), ...adding(next)] })) return next
      }
    },
    async remove(id, may = () => true) {
      for (;;) {
        const text = await redis.get(keyOf(id))
        if (text === null) return undefined
        const row = read(text)
        if (!may(row)) return undefined
        if (await commit({ expected: [[keyOf(id), text]], commands: removing(row) })) return row
      }
    },
    dueBy: (index, upTo) => redis.zrangebyscore(dueKey(index), '-inf', upTo),
    async sweep(before) {
      const key = dueKey('ends')
      const sweepOne = async (id: string) => {
        const hasEnded = (row: Row) => (due(row)['ends'] ?? before) < before
        if (await table.remove(id, hasEnded)) return 1
        const gone = { expected: [[keyOf(id), undefined] as const] }
        await commit({ ...gone, commands: [['ZREM', key, id]] })
        return 0
      }
      let swept = 0
      for (;;) {
        const ids = await redis.zrangebyscore(key, '-inf', `(${before}`, 'LIMIT', 0, sweepBatch)
        const counts = await Promise.all(ids.map(sweepOne))
        for (const count of counts) swept += count
        if (ids.length < sweepBatch) return swept
      }
    },
  }
  return table
}

/** Never less than the grace from now, whatever the clock of the caller says. */
function keptFor(ends: number | undefined): readonly string[] {
  if (ends === undefined) return []
  const seconds = Math.max(0, ends - Date.now() / 1000) + graceSeconds
  return ['PX', String(Math.ceil(seconds * 1000))]
}

const nowhere = <Value>(): Readonly<Record<string, Value | undefined>> => ({})

/** Half a surrogate pair cannot be sent: such text is written with escapes. */
const plain = (text: string): string => (text.isWellFormed() ? text : JSON.stringify(text))

/** An id of several parts: parts cannot be mixed up, however they are spelled. */
export const compound = (...parts: readonly string[]): string => JSON.stringify(parts)

/** For ordered lists: by instant, then by id. */
export const oldestFirst =
  <Row>(at: (row: Row) => number, idOf: (row: Row) => string) =>
  (one: Row, other: Row): number =>
    at(one) - at(other) || (idOf(one) < idOf(other) ? -1 : 1)
