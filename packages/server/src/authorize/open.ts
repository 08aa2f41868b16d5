import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { consentQuestion } from '../consent/question.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { type Outcome, story } from '../story/stage.ts'
import { redirectAnswer } from '../wire/answer.ts'
import type { AthAnswer } from '../wire/http.ts'
import { bindBrowser, isBoundBrowser } from './binding.ts'
import { asksHere, findQuestion, type FoundQuestion, refuseToBrowser } from './browser.ts'
import { upstreamUrl } from './upstream-url.ts'

export interface Opening extends Received {
  /** The last path segment: 256 random bits that only the agent and its user know. */
  readonly opaque: string
}
interface Bound {
  readonly cookie: string
}
interface Answered {
  readonly page: AthAnswer
}
type Told = Opening & FoundQuestion & Bound & Answered

/** `GET /ath/authorize/{opaque}`: binds the browser (R64) and asks the person, or sends them to who asks. Decides nothing. */
export const openEndpoint: Endpoint<Opening, Told> = {
  story: story<AthPorts, Opening>()
    .stage('identify', findQuestion)
    .stage('bind', bind)
    .stage('consent', ask),
  answer: (_ports, { page, cookie }) => ({
    ...page,
    headers: { ...page.headers, 'set-cookie': [...listed(page.headers['set-cookie']), cookie] },
  }),
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok
      ? undefined
      : refusalEvent(reached, result.error, 'access_denied', {
          client_id: gathered.agent?.clientId,
          agent_id: gathered.agent?.agentId,
          provider_id: gathered.provider?.id,
        }),
  refuse: refuseToBrowser,
}

/**
 * The browser that opens the page last holds the handshake, so that a link preview does not lock the person out; once
 * it went upstream it stays with that browser.
 */
async function bind(
  ports: AthPorts,
  { call, handshake }: Opening & FoundQuestion,
): Promise<Result<Bound, Failure>> {
  const binding = bindBrowser(call, ports.random)
  if (handshake.state === 'asking')
    return isBoundBrowser(call, handshake)
      ? ok({ cookie: binding.cookie })
      : fail({ reason: 'browser_not_bound' })
  const bound = await ports.handshakes.advance(handshake.id, 'bind', ports.clock.now(), {
    bindingHash: binding.hash,
  })
  return bound ? ok({ cookie: binding.cookie }) : fail({ reason: 'handshake_spent' })
}

async function ask(
  ports: AthPorts,
  exchange: Opening & FoundQuestion & Bound,
): Promise<Result<Answered, Failure>> {
  const { call, handshake, agent, provider, consent } = exchange
  if (asksHere(ports, provider) && handshake.state !== 'asking') {
    if (!ports.desk)
      return fail({
        reason: 'dependency_down',
        dependency: 'consent page',
        cause: 'no consent desk',
      })
    if (!consent) return fail({ reason: 'handshake_unknown' })
    const page = await ports.desk.present(
      call,
      consentQuestion(ports.config, consent, agent, call.path),
    )
    return page.ok ? ok({ page: page.value }) : page
  }
  const url = await upstreamUrl(ports, handshake, provider)
  if (!url.ok) return url
  if (handshake.state !== 'asking')
    await ports.handshakes.advance(handshake.id, 'ask', ports.clock.now())
  return ok({ page: redirectAnswer(call, url.value.href) })
}

function listed(header: string | readonly string[] | undefined): readonly string[] {
  return header === undefined ? [] : typeof header === 'string' ? [header] : header
}
