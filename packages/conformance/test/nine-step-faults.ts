import { randomBytes } from 'node:crypto'
import { type Call, type Fault, json, refusal, type Reply } from './saboteur.ts'

type Members = Record<string, unknown>

const read = (text: string): Members => {
  try {
    return JSON.parse(text) as Members
  } catch {
    return {}
  }
}

const random = () => randomBytes(24).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)
const typeOf = ({ body }: Call) => read(body)['type']
const isPoll = (call: Call) => call.method === 'GET' && call.path.startsWith('/ath/handshake/')

/** What each step answers when it is content. */
function content(call: Call): Reply {
  const { type, handshake_id, session_id } = read(call.body)
  const timestamp = now()
  switch (type) {
    case 'handshake_request':
      return json(200, {
        type: 'handshake_response',
        handshake_id: random(),
        nonce: random(),
        timestamp,
      })
    case 'identity_proof':
      return json(200, {
        type: 'identity_result',
        handshake_id,
        success: true,
        metadata: { scopes_supported: ['plain:read'], token_max_ttl: 3600 },
        timestamp,
      })
    case 'scope_request':
      return json(202, {
        type: 'authorization_pending',
        handshake_id,
        request_id: random(),
        timestamp,
      })
    default:
      return json(200, { type, session_id, access_token: random(), timestamp })
  }
}

/** One rule removed at one step. */
const lenient = (name: string, breaks: string, type: string | undefined, code?: string): Fault => ({
  name,
  breaks: [breaks],
  answer: (reply, call) =>
    reply.status >= 400 &&
    (type === undefined || typeOf(call) === type) &&
    (code === undefined || read(reply.body)['code'] === code)
      ? content(call)
      : undefined,
})

/** An answer with other members, told by its own type. */
const rewritten = (
  name: string,
  breaks: string | readonly string[],
  type: string,
  change: (body: Members) => Members,
): Fault => ({
  name,
  breaks: [breaks].flat(),
  answer(reply) {
    const body = read(reply.body)
    return body['type'] === type ? { ...reply, body: JSON.stringify(change(body)) } : undefined
  },
})

const without =
  (name: string) =>
  (body: Members): Members =>
    Object.fromEntries(Object.entries(body).filter(([member]) => member !== name))

let lastEncrypted: Reply | undefined

/** One or more for each check of the nine-step handshake. */
export const nineStepFaults: readonly Fault[] = [
  rewritten(
    'the last step names no session',
    'nine-steps',
    'handshake_complete',
    without('session_id'),
  ),
  lenient('any key will do', 'handshake-keys', 'handshake_request'),
  rewritten(
    'the nonce of the server is always the same',
    'handshake-nonces',
    'handshake_response',
    (body) => ({ ...body, nonce: 'a'.repeat(32) }),
  ),
  lenient('timestamps are not looked at', 'handshake-timestamps', 'handshake_request'),
  lenient('anybody signs for the person', 'credential-forged', 'scope_request'),
  rewritten(
    'what was agreed is changed on its way',
    'server-signed',
    'handshake_response',
    (body) => ({ ...body, capabilities: ['ES256'] }),
  ),
  rewritten('the end is changed on its way', 'transcript-signed', 'handshake_complete', (body) => ({
    ...body,
    expires_in: 60,
  })),
  {
    name: 'malformed greetings are proofs that fail',
    breaks: ['greeting-checked'],
    answer: (reply, call) =>
      typeOf(call) === 'handshake_request' && reply.status === 400
        ? refusal(401, 'INVALID_ATTESTATION')
        : undefined,
  },
  lenient('a credential counts for everybody, for ever', 'credential-checked', 'scope_request'),
  {
    name: 'nobody is asked',
    breaks: ['person-asked'],
    request: (call) =>
      typeOf(call) === 'scope_request'
        ? json(200, {
            type: 'scope_result',
            handshake_id: read(call.body)['handshake_id'],
            scopes_granted: read(call.body)['scopes'],
            ttl_granted: 3600,
            restrictions: {},
            timestamp: now(),
          })
        : undefined,
  },
  rewritten(
    "the agent is given the person's link",
    'person-asked-apart',
    'authorization_pending',
    (body) => ({ ...body, confirm_url: 'https://server.example/ath/confirm/x' }),
  ),
  {
    name: 'all that was asked for is granted',
    breaks: ['answer-narrowed', 'grant-narrowest'],
    answer: (reply, call) =>
      isPoll(call) && read(reply.body)['type'] === 'scope_result'
        ? {
            ...reply,
            body: JSON.stringify({
              ...read(reply.body),
              scopes_granted: ['plain:read', 'plain:write'],
              scopes_denied: [],
            }),
          }
        : undefined,
  },
  {
    name: 'the key of access tokens is not published',
    breaks: ['access-token-signed'],
    request: ({ path }) =>
      path === '/.well-known/jwks.json' ? json(200, { keys: [] }) : undefined,
  },
  {
    name: 'who is not approved is unauthorized',
    breaks: ['handshake-refusals'],
    answer: (reply, call) =>
      typeOf(call) === 'identity_proof' && reply.status === 403
        ? { ...reply, status: 401 }
        : undefined,
  },
  {
    name: 'discovery does not say where handshakes go',
    breaks: ['handshake-transport'],
    fresh: true,
    answer: (reply, { path }) =>
      path.startsWith('/.well-known/ath')
        ? { ...reply, body: JSON.stringify(without('handshake_endpoint')(read(reply.body))) }
        : undefined,
  },
  rewritten(
    'who is let in does not learn what there is',
    'identity-result',
    'identity_result',
    (body) => ({ ...body, metadata: {} }),
  ),
  lenient('a proof for other greetings will do', 'proof-bound', 'identity_proof'),
  lenient('a greeting counts twice', 'greeting-replayed', 'handshake_request'),
  {
    name: 'a message out of order is only malformed',
    breaks: ['handshake-order'],
    answer: (reply) => (reply.status === 409 ? { ...reply, status: 400 } : undefined),
  },
  lenient('an agent goes by any DID', 'did-forms', 'identity_proof'),
  lenient('everybody with a key is approved', 'stranger-refused', 'identity_proof'),
  {
    name: 'only a JWT is a credential',
    breaks: ['credential-forms'],
    request(call) {
      const { user_authorization } = read(call.body) as {
        user_authorization?: { credential: string }
      }
      return user_authorization && !user_authorization.credential.includes('.')
        ? refusal(401, 'INVALID_CREDENTIAL')
        : undefined
    },
  },
  {
    name: 'a person may change their answer',
    breaks: ['answer-once'],
    answer: (reply, { path }) =>
      path.startsWith('/ath/confirm/') && reply.status === 409 ? json(200, {}) : undefined,
  },
  lenient('any point will do', 'key-agreement', 'handshake_complete'),
  lenient('anybody renews a token', 'token-refresh', 'token_refresh'),
  {
    name: 'an encrypted message counts twice',
    breaks: ['encrypted-calls'],
    answer(reply, { headers }) {
      if (headers['content-type'] !== 'application/ath+jwe') return undefined
      if (reply.status < 400) lastEncrypted = reply
      return reply.status === 409 ? lastEncrypted : undefined
    },
  },
  lenient('any version is spoken', 'negotiation', undefined, 'UNSUPPORTED_VERSION'),
  {
    name: 'errors do not say that they are errors',
    breaks: ['handshake-errors'],
    answer: (reply) =>
      reply.status >= 400
        ? { ...reply, body: JSON.stringify(without('type')(read(reply.body))) }
        : undefined,
  },
  rewritten('a denial leaves an hour', 'denial-ends', 'scope_result', (body) => ({
    ...body,
    ttl_granted: 3600,
  })),
]
