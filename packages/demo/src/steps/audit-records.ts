import type { GatewayProcess } from '../gateway-process.ts'

/** What an operator finds with `sallyport audit query`, oldest first; conditions are `field=value`. */
export async function readRecords(
  gateway: Pick<GatewayProcess, 'command'>,
  ...conditions: readonly string[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { stdout } = await gateway.command(['--json', 'audit', 'query', ...conditions])
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}
