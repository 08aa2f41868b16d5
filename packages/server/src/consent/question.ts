import { approvedScopes } from '../endpoint/approved.ts'
import type { AthConfig } from '../config.ts'
import type { ConsentQuestion, QuestionProvider } from '../ports/consent-desk.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { Registration } from '../ports/registry.ts'
import { usualRisk } from './consent-request.ts'

/** What the person sees of a question: each service it is about, and each of their scopes marked (R70). */
export function consentQuestion(
  config: AthConfig,
  consent: ConsentRequest,
  agent: Registration,
  formAction: string,
): ConsentQuestion {
  const ids = [...new Set(consent.requested.map(({ providerId }) => providerId))]
  return {
    consent,
    agent,
    providers: ids.flatMap((id) => questionProvider(config, consent, agent, id) ?? []),
    formAction,
  }
}

function questionProvider(
  config: AthConfig,
  consent: ConsentRequest,
  agent: Registration,
  id: string,
): QuestionProvider | undefined {
  const provider = config.providers.get(id)
  if (!provider) return undefined
  // What the service took back since is offered no more.
  const approved = approvedScopes(agent, id) ?? []
  const isAmong = (scopes: ConsentRequest['requested'], scope: string) =>
    scopes.some(({ providerId, name }) => providerId === id && name === scope)
  return {
    id,
    displayName: provider.displayName,
    scopes: provider.scopes.map(({ name, description, risk = usualRisk }) => ({
      name,
      description,
      risk,
      requested: isAmong(consent.requested, name),
      approvedByService: approved.includes(name),
      offered: isAmong(consent.offered, name) && approved.includes(name),
    })),
  }
}
