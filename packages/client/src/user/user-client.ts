import {
  bytesOf,
  canonicalWithout,
  type Clock,
  createUserProof,
  credentialClaims,
  credentialTyp,
  type DecidedQuestion,
  decidedQuestionSchema,
  encodeBase64url,
  handshakeTyp,
  type Inbox,
  inboxSchema,
  type KeptCredential,
  keptCredentialSchema,
  keptCredentialsSchema,
  ok,
  type Question,
  questionSchema,
  readWire,
  sha256,
  signDetached,
  signJws,
  userDecisionPayload,
  userProofHeader,
} from '@ath-protocol/types'
import { type Asking, ask, type Question as Asked } from '../agent-context.ts'
import { AthError } from '../ath-error.ts'
import { type HandshakeKeySource, readHandshakeKey } from '../nine-step/handshake-key.ts'
import { type AtGateway, type AtService, baseOf } from '../place.ts'
import { systemClock, systemFetch } from '../system.ts'

/** At a gateway, or at a service that speaks ATH itself. */
export type UserClientOptions = UserSettings &
  (Omit<AtGateway, 'discovery'> | Omit<AtService, 'discovery'>)

export interface UserSettings {
  /** The person's own, registered at the gateway's page `/me/keys`, in native mode the service's `/ath/me/keys`. */
  readonly key: HandshakeKeySource
  /** For each request. Default 30. */
  readonly timeoutSeconds?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly fetch?: typeof fetch | undefined
  readonly clock?: Clock | undefined
}

/** What a person lets an agent do ahead of time (U6). */
export interface Grant {
  readonly agentDid: string
  /** RFC 7638 thumbprint of the agent's key. */
  readonly agentThumbprint: string
  /** The gateway for which it counts; nobody else takes it. */
  readonly serverDid: string
  readonly scopes: readonly string[]
  /** At most 90 days. */
  readonly lifetimeSeconds: number
  readonly oneTime?: boolean | undefined
}

/** A person's program at one gateway: questions to answer, and permissions given ahead. */
export interface UserClient {
  /** Base URL without trailing slash; in native mode the service's own. */
  readonly gateway: string
  /** The self-certifying DID of the person's key. */
  readonly did: string
  readonly thumbprint: string
  /** Where the person, signed in, registers this key. */
  registrationUrl(label?: string): string
  /** Rejects with the reason `user_key_unknown` while the key is not registered. */
  inbox(): Promise<Inbox>
  question(id: string): Promise<Question>
  /** Step 7, signed with the person's key (U7). Without scopes it is a no. */
  decide(
    question: Pick<Question, 'id' | 'message'>,
    answer: { readonly scopes: readonly string[]; readonly lifetimeSeconds: number },
  ): Promise<DecidedQuestion>
  /** Signs; nothing is sent. The text is what the agent shows, and as secret as the agent wants it. */
  sign(grant: Grant): Promise<{ readonly id: string; readonly credential: string }>
  /** Shows it to the gateway, so that it can be seen and revoked before any agent uses it. */
  lodge(credential: string): Promise<KeptCredential>
  credentials(): Promise<readonly KeptCredential[]>
  /** It never counts again, and what it opened ends. */
  revoke(id: string): Promise<void>
}

export async function createUserClient(options: UserClientOptions): Promise<UserClient> {
  const gateway = baseOf(options)
  const { signer, publicKey, did } = await readHandshakeKey(options.key)
  const { thumbprint } = publicKey
  const clock = options.clock ?? systemClock
  const asking: Asking = {
    clock,
    transport: { fetch: options.fetch ?? systemFetch, clock },
    headers: {},
    timeoutSeconds: options.timeoutSeconds ?? 30,
  }

  const call = async <T>(
    method: Asked<T>['method'],
    path: string,
    read: Asked<T>['read'],
    body?: Asked<T>['body'],
  ): Promise<T> => {
    const proof = await createUserProof(signer, {
      iss: did,
      aud: gateway,
      htm: method,
      htu: path,
      iat: Math.floor(clock.now()),
      jti: newId(''),
      ...(body
        ? { body_sha256: encodeBase64url(await sha256(bytesOf(JSON.stringify(body)))) }
        : {}),
    })
    return ask(asking, {
      method,
      url: `${gateway}${path}`,
      headers: { [userProofHeader]: proof },
      // A proof works once: what was sent is not sent again.
      repeatable: false,
      read,
      signal: options.signal,
      ...(body ? { body } : {}),
    })
  }

  return {
    gateway,
    did,
    thumbprint,
    registrationUrl(label) {
      const url = new URL(`${gateway}${options.service === undefined ? '' : '/ath'}/me/keys`)
      const jwk = new TextEncoder().encode(JSON.stringify(publicKey.jwk))
      url.searchParams.set('key', encodeBase64url(jwk))
      if (label !== undefined) url.searchParams.set('label', label)
      return url.href
    },
    async inbox() {
      const inbox = await call('GET', '/ath/inbox', (value) => readWire(inboxSchema, value))
      for (const question of inbox.requests) await checkReference(question)
      return inbox
    },
    question: (id) =>
      call('GET', `/ath/confirm/${encodeURIComponent(id)}`, (value) =>
        readWire(questionSchema, value),
      ),
    async decide({ id, message }, { scopes, lifetimeSeconds }) {
      const timestamp = Math.floor(clock.now())
      const unsigned = {
        type: 'authorization_confirmation_response',
        request_id: id,
        approved: scopes.length > 0,
        approved_scopes: scopes,
        expires_at: timestamp + Math.floor(lifetimeSeconds),
        timestamp,
      }
      const payload = await userDecisionPayload(message, canonicalWithout(unsigned))
      const signature = await signDetached(signer, handshakeTyp, payload)
      const read = (value: unknown) => readWire(decidedQuestionSchema, value)
      const path = `/ath/confirm/${encodeURIComponent(id)}`
      const decided = await call('POST', path, read, { ...unsigned, signature })
      const extra = decided.approved_scopes.find((scope) => !scopes.includes(scope))
      if (decided.request_id !== id || extra !== undefined)
        throw new AthError('ANSWER_REFUSED', {
          message: 'the gateway wrote down another answer than was given',
        })
      return decided
    },
    async sign({ agentDid, agentThumbprint, serverDid, ...grant }) {
      const id = newId('ath_uc_')
      const claims = credentialClaims({
        issuer: did,
        userDid: did,
        clientDid: agentDid,
        clientThumbprint: agentThumbprint,
        audience: serverDid,
        scopes: grant.scopes,
        now: clock.now(),
        lifetimeSeconds: grant.lifetimeSeconds,
        jti: id,
        oneTime: grant.oneTime ?? false,
      })
      return { id, credential: await signJws(signer, credentialTyp, claims) }
    },
    lodge: (credential) =>
      call('POST', '/ath/credentials', (value) => readWire(keptCredentialSchema, value), {
        credential,
      }),
    credentials: async () => {
      const read = (value: unknown) => readWire(keptCredentialsSchema, value)
      return (await call('GET', '/ath/credentials', read)).credentials
    },
    revoke: (id) =>
      call('DELETE', `/ath/credentials/${encodeURIComponent(id)}`, () => ok(undefined)),
  }
}

/** A person looks at a question and answers it by its reference, one after the other: nobody on the way may swap it. */
async function checkReference({ id, reference }: Question): Promise<void> {
  const digest = await sha256(bytesOf(id))
  if (reference === `req_${encodeBase64url(digest.subarray(0, 12))}`) return
  throw new AthError('ANSWER_REFUSED', {
    message: 'a question stands under the reference of another',
  })
}

const newId = (prefix: string) =>
  `${prefix}${encodeBase64url(crypto.getRandomValues(new Uint8Array(18)))}`
