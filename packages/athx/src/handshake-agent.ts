import {
  type HandshakeKey,
  type HandshakeSession,
  type HandshakeSettings,
  readHandshakeKey,
  resumeHandshake,
  type StoredHandshake,
} from '@ath-protocol/client/nine-step'
import { readDuration } from './flags.ts'
import type { RunContext } from './run-context.ts'
import { findPlace, type Place } from './place.ts'
import { findSettingValue } from './setting-source.ts'
import { readKeyText } from './settings.ts'
import { type HandshakeProfile, openHandshakeProfile } from './state/handshake-profile.ts'
import { UsageError } from './usage-error.ts'

/** The agent of this run as the nine-step handshake knows it: a key and a DID. */
export interface HandshakeAgent {
  readonly place: Place
  readonly key: HandshakeKey
  readonly did: string
  readonly profile: HandshakeProfile
  /** For `handshake` and `resumeHandshake`. */
  settings(sessionId?: string): HandshakeSettings
}

export async function openHandshakeAgent(context: RunContext): Promise<HandshakeAgent> {
  const place = findPlace(context)
  const text = await readKeyText(context)
  const key = await readHandshakeKey(text)
  const did = findSettingValue(context, 'did') ?? key.did
  const profile = openHandshakeProfile(context.home, place, did)
  return {
    place,
    key,
    did,
    profile,
    settings: (sessionId) => ({
      key: text,
      timeoutSeconds: stepTimeout(context),
      onRenewed: (stored) => profile.keepSession(stored),
      ...(sessionId === undefined
        ? {}
        : { takeSequence: (atLeast: number) => profile.takeSequence(sessionId, atLeast) }),
    }),
  }
}

export function stepTimeout({ flags, io }: RunContext): number | undefined {
  const text = flags.text('timeout') ?? io.env['ATH_TIMEOUT']
  return text ? readDuration(text, '--timeout') : undefined
}

/** A kept session and the agent whose it is. */
export interface KeptHandshake {
  readonly agent: HandshakeAgent
  readonly stored: StoredHandshake
  resume(): Promise<HandshakeSession>
}

function noAccess({ did, place: { native, base } }: HandshakeAgent, comesByDid: boolean) {
  if (comesByDid)
    return new UsageError(
      `${did} has no access at ${base}, and no agent id was given`,
      'get access: athx handshake --scope <scopes> --credential <file>   (or add --agent-id <url>)',
      'CREDENTIALS_MISSING',
    )
  return new UsageError(
    `there is no access to ${base}, and no agent id was given`,
    `get access: athx connect ${native ? `--service ${base}` : '<provider>'} --scope <scopes>`,
    'CREDENTIALS_MISSING',
  )
}

/**
 * The session that an earlier `athx handshake` got, while the user's permission lives. Without one, an agent that has
 * no agent id either has no access at all.
 */
export async function findKeptHandshake(context: RunContext): Promise<KeptHandshake | undefined> {
  const agent = await openHandshakeAgent(context)
  const stored = await agent.profile.session()
  if (!stored || stored.grantExpiresAt <= context.io.now()) {
    if (findSettingValue(context, 'agent-id')) return undefined
    throw noAccess(agent, stored !== undefined || findSettingValue(context, 'did') !== undefined)
  }
  return {
    agent,
    stored,
    resume: () => resumeHandshake(stored, agent.settings(stored.sessionId)),
  }
}
