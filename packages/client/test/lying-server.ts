import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json as readJson } from 'node:stream/consumers'
import {
  accessTokenTyp,
  canonicalWithout,
  cipherSuite,
  clientAuthPayload,
  clientMessageSchema,
  createKeyShare,
  deriveSessionKeys,
  exportPem,
  finishPayload,
  handshakeProofHeader,
  handshakeTyp,
  keyExchangeAlg,
  presentationPayload,
  readKeyShare,
  serverAuthPayload,
  sessionRequestPayload,
  signDetached,
  signJws,
  type SessionKeys,
  type Transcript,
  transcriptHash,
  verifyDetached,
  verifyHandshakeProof,
} from '@ath-protocol/types'
import { createDidKey, type DidKey } from '@sallyport/testing'

type Message = Record<string, unknown>
type Lie = (message: Message) => Message

/** Where the server says something else than an honest one would; `…Signed` after it was signed over. */
export interface Lies {
  readonly discovery?: Lie
  readonly greeting?: Lie
  readonly greetingSigned?: Lie
  readonly identity?: Lie
  readonly pending?: Lie
  readonly result?: Lie
  readonly completion?: Lie
  readonly completionSigned?: Lie
  readonly claims?: Lie
  readonly keySet?: Lie
  readonly refreshed?: Lie
  /** Signs transcripts instead of the key that it names. */
  readonly handshakeSigner?: DidKey
  readonly tokenSigner?: DidKey
}

export interface LyingServer {
  readonly url: string
  readonly handshakeKey: DidKey
  /** What the client did wrong: its signatures and messages are checked as strictly as anybody's. */
  readonly faults: string[]
  keys: SessionKeys | undefined
  polls: number
  close(): Promise<void>
}

const same: Lie = (message) => message
const seconds = () => Math.floor(Date.now() / 1000)
const handshakeId = 'ath_hs_0123456789'
const sessionId = 'ath_ses_1'

/** A server of the nine-step handshake in one file, honest but for the lies it is given; it asks the person once. */
export async function createLyingServer(agent: DidKey, lies: Lies = {}): Promise<LyingServer> {
  const [handshakeKey, tokenKey] = await Promise.all([createDidKey(), createDidKey()])
  const signer = (lies.handshakeSigner ?? handshakeKey).signer
  const transcript: { -readonly [name in keyof Transcript]?: string } = {}
  const said = () => transcript as Transcript
  let requested: Message = {}
  const server = createServer((request, response) => {
    void answer(request.method ?? '', request.url ?? '', request).then(
      ([status, body]) => send(response, status, body),
      (error: unknown) => {
        lying.faults.push(String(error))
        send(response, 500, { code: 'INTERNAL_ERROR', message: String(error) })
      },
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lying: LyingServer = {
    url,
    handshakeKey,
    faults: [],
    keys: undefined,
    polls: 0,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }

  async function verify(message: Message, signature: unknown, payload: Uint8Array) {
    const verified = await verifyDetached(String(signature), handshakeTyp, payload, agent.publicKey)
    assert.ok(verified.ok, `${String(message['type'])}: the client's signature is wrong`)
  }

  async function answer(
    method: string,
    path: string,
    request: Parameters<typeof readJson>[0] & { headers?: Record<string, unknown> },
  ): Promise<[number, Message]> {
    if (path === '/.well-known/ath.json') return [200, (lies.discovery ?? same)(discovery())]
    if (path === '/.well-known/jwks.json') return [200, (lies.keySet ?? same)(keySet())]
    if (method === 'GET') {
      const proof = request.headers?.[handshakeProofHeader] as string
      const now = seconds()
      const proven = await verifyHandshakeProof(proof, { handshakeId, now }, agent.publicKey)
      assert.ok(proven.ok, 'a poll without a proof')
      lying.polls += 1
      return [200, grant()]
    }
    const body = (await readJson(request)) as Message
    const read = clientMessageSchema.safeParse(body)
    assert.ok(read.success, JSON.stringify(read.error?.issues))
    return respond(body, read.data.type)
  }

  async function respond(body: Message, type: string): Promise<[number, Message]> {
    switch (type) {
      case 'handshake_request':
        return [200, await greet(body)]
      case 'identity_proof': {
        const { m1, m2 } = said()
        await verify(body, body['signature'], await clientAuthPayload(m1, m2, unsigned(body)))
        transcript.m3 = canonicalWithout(body)
        const identity = (lies.identity ?? same)({
          type: 'identity_result',
          handshake_id: handshakeId,
          success: true,
          metadata: { scopes_supported: ['oa:read', 'oa:write'], token_max_ttl: 28_800 },
          timestamp: seconds(),
        })
        transcript.m4 = canonicalWithout(identity)
        return [200, identity]
      }
      case 'scope_request': {
        const given = body['user_authorization'] as { credential: string; signature: string }
        const { m1, m2 } = said()
        const bare = canonicalWithout(body, 'user_authorization')
        await verify(
          body,
          given.signature,
          await presentationPayload(m1, m2, given.credential, bare),
        )
        requested = body
        transcript.m5 = canonicalWithout(body)
        const pending = {
          type: 'authorization_pending',
          handshake_id: handshakeId,
          request_id: 'ref',
          interval: 1,
          expires_at: seconds() + 300,
        }
        return [202, (lies.pending ?? same)(pending)]
      }
      case 'handshake_complete':
        return [200, await complete(body)]
      default: {
        const payload = await sessionRequestPayload(handshakeKey.did, unsigned(body))
        await verify(body, body['signature'], payload)
        const refreshed = {
          type: 'token_refreshed',
          session_id: sessionId,
          access_token: await mint(),
          token_type: 'Bearer',
          expires_in: 3600,
        }
        return [200, (lies.refreshed ?? same)(refreshed)]
      }
    }
  }

  const unsigned = (message: Message) => canonicalWithout(message, 'signature')

  const discovery = (): Message => ({
    ath_version: '0.1',
    gateway_id: url,
    agent_registration_endpoint: `${url}/ath/agents/register`,
    supported_providers: [],
    handshake_endpoint: `${url}/ath/handshake`,
    server_did: handshakeKey.did,
    server_jwk: handshakeKey.publicKey.jwk,
  })

  const keySet = (): Message => ({
    keys: [{ ...tokenKey.publicKey.jwk, kid: tokenKey.publicKey.thumbprint }],
  })

  async function greet(request: Message): Promise<Message> {
    transcript.m1 = canonicalWithout(request)
    const bare = (lies.greeting ?? same)({
      type: 'handshake_response',
      handshake_id: handshakeId,
      server_did: handshakeKey.did,
      server_pubkey: await exportPem(handshakeKey.publicKey.key),
      version: '0.1',
      capabilities: (request['capabilities'] as string[]).filter((one) => one !== 'TLS1.3'),
      nonce: 'bm9uY2Ugb2YgdGhlIHNlcnZlcg',
      timestamp: seconds(),
    })
    const payload = await serverAuthPayload(transcript.m1, canonicalWithout(bare))
    const signature = await signDetached(signer, handshakeTyp, payload)
    const greeting = (lies.greetingSigned ?? same)({ ...bare, signature })
    transcript.m2 = canonicalWithout(greeting)
    return greeting
  }

  function grant(): Message {
    const result = (lies.result ?? same)({
      type: 'scope_result',
      handshake_id: handshakeId,
      scopes_granted: requested['scopes'],
      ttl_granted: requested['ttl'],
      restrictions: {},
      timestamp: seconds(),
    })
    transcript.m8 = canonicalWithout(result)
    return result
  }

  async function complete(body: Message): Promise<Message> {
    const payload = await finishPayload('client', said(), unsigned(body))
    await verify(body, body['signature'], payload)
    const share = await createKeyShare()
    const bare = (lies.completion ?? same)({
      type: 'handshake_complete',
      handshake_id: handshakeId,
      key_exchange_alg: keyExchangeAlg,
      key_exchange_params: share.params,
      cipher_suite: cipherSuite,
      token_type: 'Bearer',
      expires_in: 3600,
      session_id: sessionId,
      timestamp: seconds(),
    })
    const own = canonicalWithout(bare)
    const finished = await finishPayload('server', said(), canonicalWithout(body), own)
    const peer = await readKeyShare(body['key_exchange_params'] as Record<string, unknown>)
    assert.ok(peer.ok)
    const salt = await transcriptHash(said(), canonicalWithout(body), own)
    lying.keys = await deriveSessionKeys(share.privateKey, peer.value, salt, handshakeId)
    return (lies.completionSigned ?? same)({
      ...bare,
      signature: await signDetached(signer, handshakeTyp, finished),
      access_token: await mint(),
    })
  }

  function mint(): Promise<string> {
    const now = seconds()
    const claims = {
      iss: url,
      aud: url,
      sub: 'usr_1',
      client_id: 'ath_1',
      ath_agent_id: agent.did,
      ath_provider: ['oa'],
      scope: (requested['scopes'] as string[]).join(' '),
      iat: now,
      exp: now + 3600,
      jti: 'token-number-000001',
      sid: sessionId,
      cnf: { jkt: agent.publicKey.thumbprint },
    }
    const by = { ...(lies.tokenSigner ?? tokenKey).signer, kid: tokenKey.publicKey.thumbprint }
    return signJws(by, accessTokenTyp, (lies.claims ?? same)(claims))
  }

  return lying
}

function send(response: ServerResponse, status: number, body: Message): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
