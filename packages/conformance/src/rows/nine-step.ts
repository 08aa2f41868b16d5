import { by, type Entry, numbered, type Row, unseen } from './row.ts'

const agents = 'it is a duty of agents'

/** What the text of the nine-step handshake by DID asks for. */
const handshake: readonly Entry[] = [
  ['MUST', 'Every handshake by DID takes the nine steps in their order', by('nine-steps')],
  ['MUST', 'Its messages travel over TLS 1.3', by('handshake-tls')],
  [
    'MUST',
    'Signatures are by keys of 256 bits: P-256 or Ed25519, and nothing weaker',
    by('handshake-keys'),
  ],
  ['MUST', 'Nonces come from a cryptographic source of randomness', by('handshake-nonces')],
  ['MUST', 'Timestamps are Unix seconds, at most five minutes off', by('handshake-timestamps')],
  ['MUST', 'What a user allows ahead is signed and cannot be forged', by('credential-forged')],
  [
    'fact',
    'A client keeps its keys and credentials encrypted; session keys live at most a day',
    unseen(agents),
  ],
  [
    'fact',
    "A client checks the server's DID, key and signature, and what was negotiated, before it goes on",
    by('server-signed'),
  ],
  [
    'fact',
    'A client stops on failure and denial, keeps to scopes, limits and time, agrees on keys and checks its token',
    by('transcript-signed'),
  ],
  [
    'fact',
    'A client starts anew after 401, asks the user again after 403, and gives up after three tries',
    unseen(agents),
  ],
  [
    'fact',
    'The server checks format and versions in step 1, the signature and what stands beside it in step 3',
    by('greeting-checked'),
  ],
  [
    'fact',
    "The server checks the user's credential: signature, time, scopes, and whose it is",
    by('credential-checked'),
  ],
  ['MUST', 'The server asks the user to confirm', by('person-asked')],
  ['MUST', 'It asks by a way that does not lead through the agent', by('person-asked-apart')],
  [
    'fact',
    "The user's answer is checked; yes, no and less are all answers, and it is given once",
    by('answer-narrowed'),
  ],
  [
    'fact',
    "Step 8 joins the user's answer with what the service approves: the narrower holds",
    by('grant-narrowest'),
  ],
  [
    'MUST',
    'Access tokens are signed by the server, say scope and end, and live at most an hour',
    by('access-token-signed'),
  ],
  ['fact', 'Failures answer 401 and 403, too many tries 429', by('handshake-refusals')],
  [
    'MUST',
    'A confirmation takes a second factor, and every handshake request is counted against a limit',
    unseen('it is about second factors and limits of the operator'),
  ],
  [
    'fact',
    'A handshake is spoken by `POST /ath/handshake`, calls after it carry `Authorization`',
    by('handshake-transport'),
  ],
  [
    'fact',
    'Step 4 says scopes and lifetime, a refusal says why, audit shows tampering, and a permission ahead can be taken back',
    by('identity-result'),
  ],
]

/** How its messages are written, where that text leaves it open: docs/nine-step.md. */
const answers: readonly Entry[] = [
  [
    'open',
    'Signatures cover labelled hashes of whole messages, with a key for nothing else; a bare nonce is never signed',
    by('proof-bound'),
  ],
  [
    'open',
    'Nonces have 128 bits or more and no dot, are taken once, and time does not run backwards',
    by('greeting-replayed'),
  ],
  [
    'open',
    'One endpoint, told apart by `type`; a handshake id from step 2 on; polling by proof; ten minutes; out of order ends it',
    by('handshake-order'),
  ],
  [
    'open',
    '`did:ath` is the hash of its key or a pinned label; `did:key` and `did:web` are taken too; nothing is trusted at first sight',
    by('did-forms'),
  ],
  [
    'open',
    "A proven key is no approval: an attestation or the DID's own registration is",
    by('stranger-refused'),
  ],
  [
    'open',
    "A user's credential is a JWT or the JSON of step 0, for one client and its key, shown with the client's signature, revocable",
    by('credential-forms'),
  ],
  [
    'open',
    'A question is answered once, by the person asked: with a passkey, a registered key, or a session where policy allows',
    by('answer-once'),
  ],
  [
    'open',
    'Keys are agreed by ephemeral ECDH P-256 and HKDF over the whole transcript; both sides sign the end',
    by('key-agreement'),
  ],
  [
    'open',
    'The access token is an RFC 9068 JWT bound to the client, kept on record like an opaque one, renewed by proof',
    by('token-refresh'),
  ],
  [
    'open',
    'Where agreed, requests and answers are encrypted, each under a nonce of its own, and none is taken twice',
    by('encrypted-calls'),
  ],
  [
    'open',
    "The highest common version and the server's first common algorithm are taken; a downgrade shows",
    by('negotiation'),
  ],
  [
    'open',
    'Refusals are 400, 401, 403, 404, 408, 409 and 429, each with its code, type and handshake',
    by('handshake-errors'),
  ],
  [
    'open',
    'Networks, hours with a time zone, rates and amounts hold on every call; what cannot be enforced does not load',
    unseen('which restrictions there are, is for the operator to say'),
  ],
  [
    'open',
    'A denial is a step 8 with nothing granted; a grant is what all five sets hold',
    by('denial-ends'),
  ],
]

export const nineStepRows: readonly Row[] = [
  ...numbered('D', 'nine-step', handshake),
  ...numbered('U', 'nine-step', answers),
]
