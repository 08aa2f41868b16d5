import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentDecided, ConsentRequest } from '../ports/consents.ts'
import { foreign } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { type Language, say, sayText } from '../pages/messages/say.ts'
import { sayInstant, sayLasting } from '../pages/messages/time.ts'
import type { OwnPages } from './own-pages.ts'

type AnswersPorts = Pick<AthPorts, 'consents' | 'registry' | 'config'>

const shown = 20

/** `/me/answers`: what this person was asked lately and what they said. */
export function answersRoutes(pages: OwnPages, ports: AnswersPorts) {
  return {
    '/me/answers': {
      GET: pages.show(async ({ language, signedIn }) => {
        const asked = await ports.consents.list({ userId: signedIn.person.id, limit: 100 })
        const answers = asked
          .flatMap((consent) => (consent.decision ? [{ consent, decision: consent.decision }] : []))
          .sort((one, other) => other.decision.decidedAt - one.decision.decidedAt)
          .slice(0, shown)
        const items = answers.map(({ consent, decision }) =>
          answerItem(ports, language, consent, decision),
        )
        return {
          title: sayText(language, 'answers.title'),
          body: html`<h1>${say(language, 'answers.title')}</h1>
${answers.length === 0 ? html`<p>${say(language, 'answers.none')}</p>` : html`<p class="soft">${say(language, 'answers.intro', { count: shown })}</p>`}
${await Promise.all(items)}`,
        }
      }),
    },
  }
}

async function answerItem(
  { registry, config }: AnswersPorts,
  language: Language,
  { clientId, agentId }: ConsentRequest,
  { approved, scopes, lifetimeSeconds, method, decidedAt }: ConsentDecided,
): Promise<Html> {
  const agent = foreign((await registry.findByClientId(clientId))?.name ?? agentId)
  const what = scopes.map(({ providerId, name }) => {
    const provider = config.providers.get(providerId)
    const description = provider?.scopes.find((scope) => scope.name === name)?.description
    return html`<li>${description ?? name} <span class="soft">${say(language, 'consent.at', { provider: foreign(provider?.displayName ?? providerId, 40) })}</span></li>`
  })
  return html`<article class="grant"><h2>${
    approved
      ? say(language, 'answers.allowed', {
          agent,
          duration: sayLasting(language, lifetimeSeconds),
        })
      : say(language, 'answers.denied', { agent })
  }</h2>
${approved && html`<ul class="points">${what}</ul>`}
<p class="soft">${say(language, 'answers.when', { instant: sayInstant(language, decidedAt), how: say(language, `answers.by_${kindOf(method)}`) })}</p></article>`
}

function kindOf(method: ConsentDecided['method']): 'session' | 'passkey' | 'key' | 'chat' {
  return method === 'session' || method === 'passkey' || method === 'key' ? method : 'chat'
}
