import type { Row } from './requirement.ts'

const types = 'packages/types/src'
const server = 'packages/server/src'
const gateway = 'packages/gateway/src'
const client = 'packages/client/src'
const errors = [`${types}/errors`]
const nineStep = `${types}/nine-step`
const handshake = `${server}/nine-step`
const confirm = [`${server}/consent`, `${server}/desk`]

/** D rows: what the text of the nine-step handshake asks for. */
export const didHandshake: readonly Row[] = [
  [
    'MUST',
    'Every handshake by DID takes the nine steps in their order',
    [`${types}/handshake/nine-step.ts`, handshake],
  ],
  ['MUST', 'Its messages travel over TLS 1.3', [`${gateway}/listener`]],
  [
    'MUST',
    'Signatures are by keys of 256 bits: P-256 or Ed25519, and nothing weaker',
    [`${types}/jws`, `${nineStep}/public-key.ts`],
  ],
  [
    'MUST',
    'Nonces come from a cryptographic source of randomness',
    [`${types}/ports.ts`, handshake],
  ],
  ['MUST', 'Timestamps are Unix seconds, at most five minutes off', [`${nineStep}/freshness.ts`]],
  [
    'MUST',
    'What a user allows ahead is signed and cannot be forged',
    [`${nineStep}/credential.ts`],
  ],
  [
    'fact',
    'A client keeps its keys and credentials encrypted; session keys live at most a day',
    [client, `${nineStep}/freshness.ts`],
  ],
  [
    'fact',
    "A client checks the server's DID, key and signature, and what was negotiated, before it goes on",
    [client, `${nineStep}/negotiate.ts`],
  ],
  [
    'fact',
    'A client stops on failure and denial, keeps to scopes, limits and time, agrees on keys and checks its token',
    [client, `${nineStep}/session-keys.ts`],
  ],
  [
    'fact',
    'A client starts anew after 401, asks the user again after 403, and gives up after three tries',
    [client],
  ],
  [
    'fact',
    'The server checks format and versions in step 1, the signature and what stands beside it in step 3',
    [handshake],
  ],
  [
    'fact',
    "The server checks the user's credential: signature, time, scopes, and whose it is",
    [`${nineStep}/credential.ts`, `${server}/user`],
  ],
  ['MUST', 'The server asks the user to confirm', confirm],
  ['MUST', 'It asks by a way that does not lead through the agent', confirm],
  [
    'fact',
    "The user's answer is checked; yes, no and less are all answers, and it is given once",
    confirm,
  ],
  [
    'fact',
    "Step 8 joins the user's answer with what the service approves: the narrower holds",
    [`${types}/scope/effective.ts`, handshake],
  ],
  [
    'MUST',
    'Access tokens are signed by the server, say scope and end, and live at most an hour',
    [`${nineStep}/access-token.ts`, handshake],
  ],
  ['fact', 'Failures answer 401 and 403, too many tries 429', errors],
  [
    'MUST',
    'A confirmation takes a second factor, and every handshake request is counted against a limit',
    confirm.concat(`${server}/endpoint/limit.ts`),
  ],
  [
    'fact',
    'A handshake is spoken by `POST /ath/handshake`, calls after it carry `Authorization`',
    [`${server}/handlers.ts`, handshake],
  ],
  [
    'fact',
    'Step 4 says scopes and lifetime, a refusal says why, audit shows tampering, and a permission ahead can be taken back',
    [handshake, `${server}/user`],
  ],
]

/** U rows: our answers to what that text leaves open. */
export const didProposals: readonly Row[] = [
  [
    'seed',
    'Signatures cover labelled hashes of whole messages, with a key for nothing else; a bare nonce is never signed',
    [`${nineStep}/transcript.ts`, `${nineStep}/domain.ts`],
  ],
  [
    'seed',
    'Nonces have 128 bits or more and no dot, are taken once, and time does not run backwards',
    [`${nineStep}/freshness.ts`, `${nineStep}/messages.ts`],
  ],
  [
    'seed',
    'One endpoint, told apart by `type`; a handshake id from step 2 on; polling by proof; ten minutes; out of order ends it',
    [handshake, `${nineStep}/proof.ts`],
  ],
  [
    'seed',
    '`did:ath` is the hash of its key or a pinned label; `did:key` and `did:web` are taken too; nothing is trusted at first sight',
    [`${nineStep}/did.ts`],
  ],
  [
    'seed',
    "A proven key is no approval: an attestation or the DID's own registration is",
    [handshake],
  ],
  [
    'seed',
    "A user's credential is a JWT or the JSON of step 0, for one client and its key, shown with the client's signature, revocable",
    [`${nineStep}/credential.ts`, `${server}/user`],
  ],
  [
    'seed',
    'A question is answered once, by the person asked: with a passkey, a registered key, or a session where policy allows',
    confirm,
  ],
  [
    'seed',
    'Keys are agreed by ephemeral ECDH P-256 and HKDF over the whole transcript; both sides sign the end',
    [`${nineStep}/session-keys.ts`, `${nineStep}/transcript.ts`],
  ],
  [
    'seed',
    'The access token is an RFC 9068 JWT bound to the client, kept on record like an opaque one, renewed by proof',
    [`${nineStep}/access-token.ts`, handshake],
  ],
  [
    'seed',
    'Where agreed, requests and answers are encrypted, each under a nonce of its own, and none is taken twice',
    [`${nineStep}/encrypted-message.ts`, `${nineStep}/sequence-window.ts`],
  ],
  [
    'seed',
    "The highest common version and the server's first common algorithm are taken; a downgrade shows",
    [`${nineStep}/negotiate.ts`],
  ],
  [
    'seed',
    'Refusals are 400, 401, 403, 404, 408, 409 and 429, each with its code, type and handshake',
    errors.concat(handshake),
  ],
  [
    'seed',
    'Networks, hours with a time zone, rates and amounts hold on every call; what cannot be enforced does not load',
    [`${types}/restriction`],
  ],
  [
    'seed',
    'A denial is a step 8 with nothing granted; a grant is what all five sets hold',
    [`${types}/scope/effective.ts`, handshake],
  ],
]
