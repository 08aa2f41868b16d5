import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt, importJWK, type JWK } from 'jose'
import { attest } from '../agent/attestation.ts'
import { describe } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Client, Subject, Token } from '../subject/subject.ts'
import type { Answer } from '../wire/http.ts'
import { createDidKey, describeDidKey, type DidKey } from './key.ts'
import { createPerson, type Person } from './person.ts'
import { createWalk, type Members, type Walk, type WalkOptions } from './walk.ts'

/** A handshake that got to its end. */
export interface Finished {
  readonly walk: Walk
  readonly answer: Answer
  readonly sessionId: string
  /** What `subject.call` calls with. */
  readonly token: Pick<Token, 'value' | 'client'>
}

/** What checks of the nine-step handshake stand on. The agent gets in by the attestation of the registered one (U5). */
export interface NineStep {
  readonly handshakeUrl: string
  readonly serverDid: string
  readonly serverKey: CryptoKey
  start(options?: Partial<Pick<WalkOptions, 'key' | 'did' | 'capabilities'>>): Promise<Walk>
  /** After step 2. */
  greeted(options?: Partial<Pick<WalkOptions, 'capabilities'>>): Promise<Walk>
  /** What step 3 shows beside its signature. */
  credentials(key: DidKey): Promise<readonly Members[]>
  /** After step 4. */
  identified(options?: Partial<Pick<WalkOptions, 'capabilities'>>): Promise<Walk>
  /** The scopes to ask for, as the handshake names them. */
  scopes(): Promise<readonly string[]>
  person(): Promise<Person>
  /** A credential of the person for the agent of a walk. */
  credential(walk: Walk, changes?: Members): Promise<string>
  /** After step 8, which is returned, with this answer of the person. */
  answered(
    walk: Walk,
    answer?: readonly string[],
    given?: { readonly credential?: string; readonly scopes?: readonly string[] },
  ): Promise<Answer>
  /** After step 9. */
  finished(options?: Partial<Pick<WalkOptions, 'capabilities'>>): Promise<Finished>
}

/** How often the agent asks whether the person answered. */
const tries = 100

export async function openNineStep(subject: Subject): Promise<NineStep> {
  const { json } = await subject.discovery()
  const { handshake_endpoint, server_did, server_jwk } = json
  if (typeof handshake_endpoint !== 'string')
    throw new Unavailable('discovery offers no nine-step handshake: it has no handshake_endpoint')
  const handshakeUrl = handshake_endpoint
  const serverDid = String(server_did)
  const { userKey } = subject.settings
  const own = userKey && (await describeDidKey(userKey))

  const nineStep: NineStep = {
    handshakeUrl,
    serverDid,
    serverKey: (await importJWK(server_jwk as JWK, 'ES256')) as CryptoKey,
    start: async (options = {}) =>
      createWalk({ handshakeUrl, send: subject.send, key: await createDidKey(), ...options }),
    async greeted(options) {
      const walk = await nineStep.start(options)
      expectReached(await walk.greet(), 200, 'step 2')
      return walk
    },
    async credentials(key) {
      const { agent } = await subject.client()
      const claims = { cnf: { jkt: key.thumbprint } }
      return [{ type: 'ath_attestation', jwt: await attest(agent, handshakeUrl, { claims }) }]
    },
    async identified(options) {
      const walk = await nineStep.greeted(options)
      const answer = await walk.identify(await nineStep.credentials(walk.key))
      expectReached(answer, 200, 'step 4')
      return walk
    },
    async scopes() {
      const { scopes } = await subject.client()
      const { providerId } = await subject.target()
      return scopes.map((scope) =>
        scope.startsWith(`${providerId}:`) ? scope : `${providerId}:${scope}`,
      )
    },
    async person() {
      if (!own)
        throw new Unavailable(
          'needs a person with a key of their own at the server: give --user-key',
        )
      return createPerson(subject.base, subject.send, own, subject.settings.consent?.browse)
    },
    async credential(walk, changes = {}) {
      const person = await nineStep.person()
      const scopes = await nineStep.scopes()
      return person.credential({ agent: walk.key, serverDid, scopes, changes })
    },
    async answered(walk, answer, given = {}) {
      const scopes = given.scopes ?? (await nineStep.scopes())
      const credential = given.credential ?? (await nineStep.credential(walk))
      const asked = await walk.request(credential, scopes)
      if (asked.status === 200) return asked
      expectReached(asked, 202, 'the question to the person')
      const person = await nineStep.person()
      const question = await person.question(String(asked.json['request_id']))
      expectReached(await person.decide(question, answer ?? scopes), 200, "the person's answer")
      for (let count = 0; count < tries; count++) {
        const result = await walk.poll()
        if (result.status !== 202) return result
        await sleep(50)
      }
      throw new Unavailable('needs step 8; it did not come after the person had answered')
    },
    async finished(options) {
      const walk = await nineStep.identified(options)
      expectReached(await nineStep.answered(walk), 200, 'step 8')
      const answer = await walk.complete()
      expectReached(answer, 200, 'step 9')
      const value = String(answer.json['access_token'])
      return {
        walk,
        answer,
        sessionId: String(answer.json['session_id']),
        token: { value, client: await clientOf(subject, value) },
      }
    },
  }
  return nineStep
}

/** The agent that a token of the session is bound to. */
async function clientOf(subject: Subject, token: string): Promise<Client> {
  const client = await subject.client()
  const { ath_agent_id } = decodeJwt(token)
  return { ...client, agent: { ...client.agent, id: String(ath_agent_id) } }
}

function expectReached(answer: Answer, status: number, what: string): void {
  if (answer.status !== status)
    throw new Unavailable(`needs ${what}; got ${describe(answer)}, expected ${status}`)
}
