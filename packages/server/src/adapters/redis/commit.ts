import type { Redis } from 'ioredis'

/** One atomic change: happens when every key is as expected, whole or not at all. */
export interface Change {
  /** Keys and the text they must hold; undefined stands for a key that is not there. */
  readonly expected: readonly (readonly [key: string, text: string | undefined])[]
  /** Redis commands; the second word of each is its key. */
  readonly commands: readonly (readonly [command: string, key: string, ...rest: string[]])[]
}

/** Makes a change; false when a key was not as expected, and nothing changed then. */
export type Commit = (change: Change) => Promise<boolean>

const script = `
local change = cjson.decode(ARGV[1])
for _, expected in ipairs(change.expected) do
  if redis.call('GET', expected[1]) ~= expected[2] then return 0 end
end
for _, command in ipairs(change.commands) do redis.call(unpack(command)) end
return 1
`

/** Redis runs nothing else meanwhile: of 50 callers with the same expectation one is right. */
export function createCommit(redis: Redis): Commit {
  let hash: Promise<string> | undefined
  const load = async () => String(await redis.script('LOAD', script))
  const run = async (keys: readonly string[], text: string) => {
    hash ??= load()
    return redis.evalsha(await hash, keys.length, ...keys, text)
  }
  return async ({ expected, commands }) => {
    const keys = [...new Set([...expected, ...commands.map((words) => words.slice(1))].map(first))]
    const text = JSON.stringify({
      expected: expected.map(([key, was]) => [key, was ?? false]),
      commands,
    })
    try {
      return (await run(keys, text)) === 1
    } catch (cause) {
      // A server that was started again has forgotten the script; a failed load is not kept.
      hash = undefined
      if (!String(cause).includes('NOSCRIPT')) throw cause
      return (await run(keys, text)) === 1
    }
  }
}

const first = (words: readonly (string | undefined)[]): string => words[0] ?? ''
