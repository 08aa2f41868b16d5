import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from '../consent/browser.ts'
import { describe } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Answer, Send } from '../wire/http.ts'
import { canonical, labelled, sha256 } from './canonical.ts'
import { type DidKey, signDetached, signJwt } from './key.ts'

type Members = Readonly<Record<string, unknown>>

export interface Question {
  readonly id: string
  readonly reference: string
  /** Step 6 as canonical JSON. */
  readonly message: string
  /** Where the person can answer it in a browser. */
  readonly page?: string
  /** `page`: an answer by key alone would not do, since the browser has to go on to the app's own OAuth server. */
  readonly needs?: string
}

export interface CredentialOptions {
  readonly agent: DidKey
  readonly serverDid: string
  readonly scopes: readonly string[]
  /** Claims to replace; `undefined` leaves one out. */
  readonly changes?: Members
  /** Signs in place of the person. */
  readonly key?: DidKey
}

/** The person whose key the run was given: they allow ahead, and answer questions (U6, U7). */
export interface Person {
  readonly key: DidKey
  /** A credential as a JWT. */
  credential(options: CredentialOptions): Promise<string>
  /** A credential as the object of step 0. */
  jsonCredential(options: CredentialOptions): Promise<string>
  /** The question that an agent knows by this reference. */
  question(reference: string): Promise<Question>
  /** Step 7. Without scopes it is a no. */
  decide(question: Question, scopes: readonly string[], key?: DidKey): Promise<Answer>
}

const now = () => Math.floor(Date.now() / 1000)
const lifetimeSeconds = 3600
/** How long a question may be on its way to the person. */
const tries = 50

/** `browse` opens a browser for questions that are answered on a page. */
export function createPerson(
  base: string,
  send: Send,
  key: DidKey,
  browse: (() => Browser) | undefined,
): Person {
  const ask = async (method: string, path: string, body?: object): Promise<Answer> => {
    const proof = await signJwt(key, 'ath-user-proof+jwt', {
      iss: key.did,
      aud: base,
      htm: method,
      htu: path,
      iat: now(),
      jti: randomBytes(18).toString('base64url'),
      ...(body ? { body_sha256: sha256(JSON.stringify(body)).toString('base64url') } : {}),
    })
    const headers = { 'ath-user-proof': proof }
    return send(`${base}${path}`, { method, headers, ...(body ? { body } : {}) })
  }
  return {
    key,
    credential: ({ agent, serverDid, scopes, changes = {}, key: signer = key }) =>
      signJwt(signer, 'ath-user-auth+jwt', {
        iss: key.did,
        sub: key.did,
        client_did: agent.did,
        aud: serverDid,
        scopes,
        iat: now(),
        exp: now() + lifetimeSeconds,
        jti: randomUUID(),
        cnf: { jkt: agent.thumbprint },
        ...changes,
      }),
    async jsonCredential({ agent, scopes, changes = {}, key: signer = key }) {
      const unsigned = {
        user_did: key.did,
        client_did: agent.did,
        scopes,
        expires_at: now() + lifetimeSeconds,
        ...changes,
      }
      const payload = labelled('ATH/0.1 user credential', canonical(unsigned))
      const signature = await signDetached(signer, payload)
      return Buffer.from(canonical({ ...unsigned, signature })).toString('base64url')
    },
    async question(reference) {
      for (let count = 0; count < tries; count++) {
        const answer = await ask('GET', '/ath/inbox')
        if (answer.status !== 200)
          throw new Unavailable(
            `needs the person's questions at /ath/inbox; got ${describe(answer)}. Is --user-key registered there?`,
          )
        const found = (answer.json['requests'] as readonly Question[]).find(
          (one) => one.reference === reference,
        )
        if (found) return found
        await sleep(100)
      }
      throw new Unavailable(`the question ${reference} did not reach the person`)
    },
    async decide({ id, message, needs, page }, scopes, signer = key) {
      if (needs === 'page' && page !== undefined && signer === key)
        return decideOnPage(browse, page, scopes)
      const unsigned = {
        type: 'authorization_confirmation_response',
        request_id: id,
        approved: scopes.length > 0,
        approved_scopes: scopes,
        expires_at: now() + lifetimeSeconds,
        timestamp: now(),
      }
      const payload = labelled('ATH/0.1 user decision', message, canonical(unsigned))
      const signature = await signDetached(signer, payload)
      return ask('POST', `/ath/confirm/${encodeURIComponent(id)}`, { ...unsigned, signature })
    },
  }
}

/** The page's answer to the person's, as the one to a signed answer would be: 409 where nothing was left to answer. */
async function decideOnPage(
  browse: (() => Browser) | undefined,
  page: string,
  scopes: readonly string[],
): Promise<Answer> {
  if (!browse) throw new Unavailable('the question is answered on a page: needs --consent auto')
  // Pages may name a scope without its service.
  const names = scopes.flatMap((scope) => [scope, scope.slice(scope.indexOf(':') + 1)])
  const { decided, seen } = await browse().visit(page, scopes.length > 0 ? 'approve' : 'deny', {
    tick: (box) => names.some((name) => box.includes(name)),
  })
  const end = seen.at(-1)?.answer
  if (!end) throw new Unavailable(`the page of the question cannot be opened: ${page}`)
  return { ...end, status: decided ? 200 : 409 }
}
