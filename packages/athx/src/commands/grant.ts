import {
  discoverGateway,
  discoverService,
  offeredScopes,
  qualifiedScope,
} from '@ath-protocol/client'
import { agentThumbprint, type KeptCredential } from '@ath-protocol/client/person'
import type { CommandSpec } from '../command-spec.ts'
import { addScopeOptions, readDuration, scopesOf } from '../flags.ts'
import { columns, lasting } from '../output/shown.ts'
import { localTime } from '../output/time-left.ts'
import { openPerson } from '../person.ts'
import { findPlace, placeName } from '../place.ts'
import type { RunContext } from '../run-context.ts'
import { readIfThere, writePrivate } from '../state/private-file.ts'
import { UsageError } from '../usage-error.ts'
import { grantKey } from './grant-key.ts'

export const grant: CommandSpec = {
  usage: 'grant',
  summary: 'For people: let an agent do something ahead of time, and take it back.',
  examples: [
    'athx grant make --agent did:ath:… --scope oa:read,crm:write --for 8h --out grant.jwt',
    'athx grant list',
    'athx grant revoke ath_uc_…',
  ],
  next: 'give the file to the agent: athx handshake --credential grant.jwt',
  commands: [
    grantKey,
    {
      usage: 'make',
      summary: 'Sign a permission for one agent with your key.',
      examples: [
        'athx grant make --agent did:ath:… --scope oa:read --for 8h --out grant.jwt',
        'athx grant make --agent did:ath:office --agent-key office.pem --scope oa:read --for 1h --one-time',
        'athx grant make --agent did:key:z… --scope oa:read --for 1d --offline --server-did did:ath:…',
      ],
      next: 'athx handshake --credential <file>, by the agent',
      options: (command) => {
        addScopeOptions(command, 'scopes by their full names, separated by commas')
        command
          .option('--agent <did>', 'the DID of the agent, as its owner says it')
          .option(
            '--agent-key <key>',
            'its public key, where the DID is a name: a file or a thumbprint',
          )
          .option('--for <duration>', 'how long it can be used (default 8h, at most 90d)')
          .option('--one-time', 'good for one handshake')
          .option('--out <file>', 'write it there, readable only for you')
          .option('--offline', 'do not show it to the gateway now')
          .option('--server-did <did>', 'the gateway it is for (default: as the gateway says)')
      },
      run: make,
    },
    {
      usage: 'list',
      summary: 'List what you let agents do ahead of time.',
      examples: ['athx grant list', 'athx grant list --json', 'athx grant list --gateway prod'],
      next: 'athx grant revoke <id>',
      run: async (context) => {
        const kept = await (await openPerson(context)).credentials()
        await context.out.result(
          { credentials: kept },
          kept.length === 0 ? 'nothing' : columns(kept.map((one) => row(one, context.io.now()))),
        )
      },
    },
    {
      usage: 'revoke <id>',
      summary: 'Take a permission back; what it opened ends at once.',
      examples: [
        'athx grant revoke ath_uc_…',
        'athx grant revoke ath_uc_… --json',
        'athx grant list --json | jq -r ".credentials[].id"',
      ],
      next: 'athx grant list',
      run: async (context, [id = '']) => {
        await (await openPerson(context)).revoke(id)
        await context.out.result({ id, status: 'revoked' }, `revoked  ${id}`)
      },
    },
  ],
}

const row = (one: KeptCredential, now: number) => [
  one.id,
  one.status,
  one.scopes.join(' '),
  one.client_did,
  `until ${localTime(one.expires_at, now)}${one.one_time ? ', once' : ''}`,
]

async function make(context: RunContext): Promise<void> {
  const { flags, io, out } = context
  const agentDid = flags.text('agent')
  if (!agentDid)
    throw new UsageError('no agent was given', 'add --agent <did>; the agent’s owner knows it')
  const person = await openPerson(context)
  const asked = scopesOf(flags)
  const lifetimeSeconds = Math.round(readDuration(flags.text('for') ?? '8h', '--for'))
  const server = flags.on('offline') ? undefined : await findServer(context)
  const scopes = asked.map((scope) => server?.fullName(scope) ?? scope)
  if (server) refuseUnknown(scopes, server)
  const serverDid = flags.text('serverDid') ?? server?.did
  if (serverDid === undefined)
    throw new UsageError('offline, the gateway cannot be asked who it is', 'add --server-did <did>')
  const { id, credential } = await person.sign({
    agentDid,
    agentThumbprint: await agentThumbprint(agentDid, await readAgentPublicKey(context)),
    serverDid,
    scopes,
    lifetimeSeconds,
    oneTime: flags.on('oneTime'),
  })
  const lodged = flags.on('offline') ? undefined : await person.lodge(credential)
  const path = flags.text('out')
  if (path) await writePrivate(path, `${credential}\n`)
  out.say(`granted   ${scopes.join(' ')} to ${agentDid} for ${lasting(lifetimeSeconds)}`)
  out.say(lodged ? `lodged    ${id}` : `kept back ${id}: the gateway has not seen it`)
  await out.result(
    {
      id,
      agent: agentDid,
      server_did: serverDid,
      scopes,
      expires_at: Math.floor(io.now()) + lifetimeSeconds,
      lodged: lodged !== undefined,
      ...(path ? { path } : { credential }),
    },
    path ?? credential,
  )
}

async function findServer(context: RunContext) {
  const place = findPlace(context)
  const found = await (place.native ? discoverService : discoverGateway)(place.base, {
    signal: context.io.interrupted,
  })
  const offered = Object.entries(offeredScopes(found)).flatMap(([providerId, names]) =>
    names.map((name) => qualifiedScope({ providerId, name })),
  )
  const { server_did: did } = found
  // An app has one provider, itself: its own names for scopes say enough.
  const [app] = place.native ? Object.keys(offeredScopes(found)) : []
  const fullName = (name: string) =>
    app === undefined
      ? name
      : (offered.find((one) => one === qualifiedScope({ providerId: app, name })) ?? name)
  const name = `this ${placeName(place)}`
  if (typeof did === 'string') return { did, offered, fullName, name }
  throw new UsageError(
    `${name} does not offer the nine-step handshake`,
    'permissions ahead of time need it; ask its operator',
  )
}

/** A permission for what nobody offers would be worth nothing, and the agent would learn it first. */
function refuseUnknown(
  scopes: readonly string[],
  { name, offered }: { readonly name: string; readonly offered: readonly string[] },
): void {
  const unknown = scopes.filter((scope) => !offered.includes(scope))
  if (unknown.length > 0)
    throw new UsageError(
      `${name} does not offer: ${unknown.join(' ')}`,
      `it offers: ${offered.join(' ')}`,
    )
}

async function readAgentPublicKey({ flags }: RunContext): Promise<string | undefined> {
  const given = flags.text('agentKey')
  if (given === undefined || /^[A-Za-z0-9_-]{43}$/.test(given)) return given
  const text = await readIfThere(given)
  if (text !== undefined) return text
  throw new UsageError(`cannot read ${given}`, 'name a PEM or JWK file, or a thumbprint')
}
