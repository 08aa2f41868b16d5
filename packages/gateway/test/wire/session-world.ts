import { InMemoryNineStepSessionStore, sessionTokenHash } from '@ath-protocol/server'
import {
  accessTokenTyp,
  decryptMessage,
  encryptedMediaType,
  type EncryptedHeader,
  encryptMessage,
  importDirection,
  type InnerMessage,
  type JwsSigner,
  type SessionKeys,
  signJws,
} from '@ath-protocol/types'
import { createDidKey, type DidKey } from '@sallyport/testing'
import {
  agentId,
  type Answer,
  call,
  gatewayUrl,
  openWorld,
  type World,
  type WorldOptions,
} from './world.ts'

export const clientDid = 'did:ath:ai_office_assistant_001'
const sessionId = 'ath_ses_1'

const secret = (byte: number, length: number) => Buffer.alloc(length, byte).toString('base64url')

export const sessionKeys: SessionKeys = {
  keyC2s: secret(1, 32),
  keyS2c: secret(2, 32),
  ivC2s: secret(3, 12),
  ivS2c: secret(4, 12),
  exporter: secret(5, 32),
}

export interface TokenChanges {
  readonly typ?: string
  readonly signer?: JwsSigner
  readonly claims?: Readonly<Record<string, unknown>>
  /** Providers for which a record is kept; default those of the token. */
  readonly kept?: readonly string[]
}

/** A world whose agent came by the nine-step handshake: one session, grants at `oa` and `crm`. */
export interface SessionWorld extends World {
  readonly sessions: InMemoryNineStepSessionStore
  readonly tokenKey: DidKey
  readonly jwt: string
  /** What the scenario's calls send: the token and nothing else. */
  readonly bearer: { readonly authorization: string }
  issue(changes?: TokenChanges): Promise<string>
}

export async function openSessionWorld(
  options: WorldOptions & {
    readonly encrypted?: boolean
    /** A restart: the same store, another gateway. */
    readonly sessions?: InMemoryNineStepSessionStore
  } = {},
): Promise<SessionWorld> {
  const tokenKey = await createDidKey()
  const sessions = options.sessions ?? new InMemoryNineStepSessionStore()
  const world = await openWorld({
    ...options,
    nineStep: { sessions, tokenKey: { signer: tokenKey.signer, publicKey: tokenKey.publicKey } },
  })
  const now = world.clock.now()
  const oa = await world.grants.find('gnt_1')
  if (!oa) throw new Error('the world has no grant')
  await world.grants.insert({ ...oa, id: 'gnt_crm', providerId: 'crm' })
  const grantOf = (providerId: string) => (providerId === 'oa' ? 'gnt_1' : 'gnt_crm')
  if (!options.sessions)
    await sessions.insert({
      id: sessionId,
      handshakeId: 'ath_hs_1',
      clientId: 'ath_client',
      agentId,
      clientDid,
      clientKey: tokenKey.publicKey.jwk,
      thumbprint: 'thumb',
      userId: 'usr_1',
      grants: ['oa', 'crm'].map((providerId) => ({ providerId, grantId: grantOf(providerId) })),
      credentialId: 'crd_1',
      ...(options.encrypted ? { keys: sessionKeys } : {}),
      createdAt: now,
      expiresAt: now + 28_800,
    })
  let issued = 0
  const issue = async ({ typ, signer, claims, kept }: TokenChanges = {}): Promise<string> => {
    const jti = `token-number-${String(++issued).padStart(8, '0')}`
    const all = {
      iss: gatewayUrl,
      aud: gatewayUrl,
      sub: 'usr_1',
      client_id: 'ath_client',
      ath_agent_id: agentId,
      ath_provider: ['oa', 'crm'],
      scope: 'oa:all',
      iat: now,
      exp: now + 3600,
      jti,
      sid: sessionId,
      cnf: { jkt: 'thumb' },
      ...claims,
    }
    for (const providerId of kept ?? (all.ath_provider as readonly string[]))
      await world.tokens.insert({
        hash: sessionTokenHash(jti, providerId),
        grantId: grantOf(providerId),
        sessionId,
        clientId: 'ath_client',
        agentId,
        userId: 'usr_1',
        providerId,
        scopes: oa.scopes,
        issuedAt: now,
        expiresAt: all.exp as number,
      })
    return signJws(signer ?? tokenKey.signer, typ ?? accessTokenTyp, all)
  }
  const jwt = await issue()
  const bearer = { authorization: `Bearer ${jwt}` }
  return { ...world, sessions, tokenKey, jwt, bearer, issue }
}

/** One encrypted request, as an agent makes it. */
export async function sealed(
  seq: number,
  target: string,
  message: InnerMessage = {},
  header: Partial<EncryptedHeader> = {},
): Promise<string> {
  const key = await importDirection(sessionKeys, 'c2s')
  const full = { sid: sessionId, seq, htm: 'POST', htu: target, ...header }
  return encryptMessage(key, full, message)
}

export const sendSealed = (
  world: SessionWorld,
  target: string,
  jwe: string | Uint8Array,
  method = 'POST',
): Promise<Answer> =>
  call(world, target, {
    method,
    headers: {
      ...world.bearer,
      'content-type': encryptedMediaType,
      'content-length': String(Buffer.byteLength(jwe)),
    },
    body: jwe,
  })

export interface Piece extends InnerMessage {
  readonly header: EncryptedHeader
}

/** The pieces of an encrypted answer. Throws where one is not what its session's keys made. */
export async function unsealed(lines: string): Promise<readonly Piece[]> {
  const key = await importDirection(sessionKeys, 's2c')
  return Promise.all(
    lines
      .split('\n')
      .filter((line) => line !== '')
      .map(async (line) => {
        const opened = await decryptMessage(key, line)
        if (!opened.ok) throw new Error(`an answer cannot be decrypted: ${opened.error.kind}`)
        return { header: opened.value.header, ...opened.value.message }
      }),
  )
}
