import { ownPath } from '../pages/own-path.ts'
import { approvalMessage, confirmationMessage } from '../consent/confirmation-message.ts'
import { requestReference } from '../consent/consent-request.ts'
import { type AuditSink } from '../ports/audit.ts'
import { type ConsentDecision, type ConsentQuestion } from '../ports/consent-desk.ts'
import { type AthAnswer, type AthCall } from '../wire/http.ts'
import {
  bytesOf,
  canonicalJson,
  checkTimestamp,
  type Clock,
  encodeBase64url,
  renderProblem,
  sha256,
  userDecisionPayload,
} from '@ath-protocol/types'
import type { SignedIn } from '../login/people.ts'
import { passkeyScript } from '../passkeys/script.ts'
import type { Passkeys } from '../passkeys/passkeys.ts'
import { chooseLanguage } from '../pages/messages/language.ts'
import { sayText } from '../pages/messages/say.ts'
import type { RenderPage } from '../pages/page.ts'
import { pageAddress } from './page-address.ts'
import { passkeyPage } from './passkey-page.ts'
import type { FormAnswer, SentPasskey } from './read-answer.ts'

interface Confirming {
  readonly render: RenderPage
  readonly passkeys: Passkeys
  readonly clock: Clock
  readonly audit: AuditSink
}

type Approval = Extract<FormAnswer, { kind: 'approve' }>

/**
 * A yes that a click is too little for. The first form is answered with a page that repeats the choice; its form brings
 * the passkey's signature over question and answer (U7). Nothing is kept in between: the answer is made anew from what
 * was posted, so that a signature counts for exactly that, for five minutes, and once, as every decision does.
 */
export async function confirmWithPasskey(
  { render, passkeys, clock, audit }: Confirming,
  call: AthCall,
  question: ConsentQuestion,
  { person, session }: SignedIn,
  said: Approval,
): Promise<ConsentDecision> {
  const { scopes, lifetimeSeconds } = said
  if (said.passkey) {
    const message = approvalMessage(question.consent, said, said.passkey.timestamp)
    const fault = await checkPasskey(said.passkey, message)
    if (fault === undefined)
      return {
        kind: 'approve',
        userId: person.id,
        scopes,
        lifetimeSeconds,
        method: 'passkey',
        message: signedMessage(message, said.passkey.assertion),
      }
    audit.record({
      event: 'request_refused',
      reached: 'prove',
      outcome: 'denied',
      denial_reason: `passkey_${fault}`,
      user_id: person.id,
      client_id: question.consent.clientId,
      agent_id: question.consent.agentId,
      handshake_id: question.consent.handshake.id,
      consent_id: requestReference(question.consent.id),
      auth_method: 'passkey',
      ip: call.ip,
    })
    await audit.settled()
  }
  return answer(await askForPasskey(said.passkey !== undefined))

  async function checkPasskey(sent: SentPasskey, message: string): Promise<string | undefined> {
    if (!checkTimestamp(sent.timestamp, { now: clock.now() }).ok) return 'stale'
    const verified = await passkeys.verify(
      person.id,
      await challengeOf(question, message),
      sent.assertion,
    )
    return verified.ok ? undefined : verified.error
  }

  async function askForPasskey(refused: boolean): Promise<AthAnswer> {
    const language = chooseLanguage(call)
    const timestamp = Math.floor(clock.now())
    const message = approvalMessage(question.consent, said, timestamp)
    const challenge = await challengeOf(question, message)
    const thisPage = pageAddress(call)
    return render({
      language,
      title: sayText(language, 'confirm.title'),
      status: refused ? weakStatus : 200,
      script: ownPath(call, passkeyScript),
      body: passkeyPage({
        language,
        question,
        scopes,
        lifetimeSeconds,
        csrfToken: session.csrfToken,
        formAction: thisPage,
        thisPage,
        requestOptions: await passkeys.requestOptions(person.id, challenge),
        timestamp,
        refused,
      }),
    })
  }
}

/** Step 7 with the assertion as its signature: enough to prove later what was confirmed with which passkey. */
function signedMessage(message: string, assertion: string): string {
  const signature = encodeBase64url(bytesOf(assertion))
  const signed = canonicalJson({ ...JSON.parse(message), signature })
  if (!signed.ok) throw new TypeError(`a confirmed answer is not canonical: ${signed.error}`)
  return signed.value
}

/** What the passkey signs: the question and this answer to it. */
async function challengeOf(
  { consent, agent }: ConsentQuestion,
  answerMessage: string,
): Promise<Uint8Array> {
  const asked = consent.message ?? confirmationMessage(consent, agent)
  return sha256(await userDecisionPayload(asked, answerMessage))
}

const answer = (page: AthAnswer): ConsentDecision => ({ kind: 'answer', answer: page })

/** Of a page that says that more is needed. */
export const weakStatus = renderProblem({
  reason: 'confirmation_too_weak',
  needs: 'passkey',
}).status
