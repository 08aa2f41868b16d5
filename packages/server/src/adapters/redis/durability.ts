/** What a Redis store can lose, one sentence each, from what the server says about itself (`INFO`). */
export function durabilityWarnings(
  shown: string,
  info: string,
  snapshots: boolean,
): readonly string[] {
  const said = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  const policy = said('maxmemory_policy') ?? 'noeviction'
  const evicts = policy !== 'noeviction' && said('maxmemory') !== '0'
  return [
    ...(said('aof_enabled') === '0' && !snapshots
      ? [
          `The store ${shown} writes nothing to disk: when Redis restarts, every permission, every revocation and every log-in is lost. Set \`appendonly yes\`.`,
        ]
      : []),
    ...(said('aof_enabled') === '0' && snapshots
      ? [
          `The store ${shown} writes to disk from time to time only: when Redis crashes, what was decided or revoked since is lost. Set \`appendonly yes\`.`,
        ]
      : []),
    ...(evicts
      ? [
          `The store ${shown} drops data when its memory is full (maxmemory-policy ${policy}): attestations could be used twice. Set \`maxmemory-policy noeviction\`.`,
        ]
      : []),
  ]
}
