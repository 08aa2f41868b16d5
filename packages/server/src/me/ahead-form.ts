import type { AthConfig } from '../config.ts'
import type { Registration } from '../ports/registry.ts'
import { maxCredentialSeconds, qualifiedScope } from '@ath-protocol/types'
import { offeredLifetimes, usualLifetime } from '../desk/lifetimes.ts'
import { foreign, plainLine } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { say } from '../pages/messages/say.ts'
import { sayDuration } from '../pages/messages/time.ts'
import { csrfField, field, inChosenLanguage, type Visit } from './own-pages.ts'

/** What the form says, before it is known whether it can be done. */
export interface AheadWish {
  readonly clientDid: string
  /** PEM or JWK, where the person pasted one. */
  readonly key: string | undefined
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
  readonly oneTime: boolean
}

const lifetimes = offeredLifetimes(maxCredentialSeconds)
const scopeField = (scope: string) => `scope ${scope}`

/** Every scope that can be given, by the name that the nine-step handshake gives it. */
const givable = (config: AthConfig) =>
  [...config.providers.values()].flatMap((provider) =>
    provider.scopes.map((scope) => ({
      ...scope,
      qualified: qualifiedScope({ providerId: provider.id, name: scope.name }),
      provider: provider.displayName,
    })),
  )

/** Only scopes and lengths of time that the form offered count. */
export function readAheadForm(
  config: AthConfig,
  fields: Readonly<Record<string, unknown>>,
): AheadWish | undefined {
  const pasted = field(fields, 'did')?.trim() ?? ''
  const chosen = field(fields, 'agent') ?? ''
  const lifetimeSeconds = lifetimes.find((seconds) => String(seconds) === fields['lifetime'])
  const clientDid = pasted === '' ? chosen : pasted
  if (lifetimeSeconds === undefined || clientDid === '' || clientDid.length > 512) return undefined
  const key = field(fields, 'key')?.trim()
  return {
    clientDid,
    key: key === '' ? undefined : key,
    scopes: givable(config)
      .map(({ qualified }) => qualified)
      .filter((scope) => fields[scopeField(scope)] === 'on'),
    lifetimeSeconds,
    oneTime: fields['one_time'] === 'on',
  }
}

/** Agents that can be chosen: those that came by a DID and are approved now. At most a hundred, by name. */
export function choosable(agents: readonly Registration[], now: number): readonly Registration[] {
  return agents
    .filter(
      ({ agentId, approvalExpiresAt }) => agentId.startsWith('did:') && approvalExpiresAt > now,
    )
    .sort((one, other) => one.name.localeCompare(other.name))
    .slice(0, 100)
}

export function aheadForm(visit: Visit, config: AthConfig, agents: readonly Registration[]): Html {
  const { language, call } = visit
  const action = inChosenLanguage(call, '/me/ahead')
  const chosen = usualLifetime(maxCredentialSeconds)
  return html`<form method="post" action="${action}" autocomplete="off">${csrfField(visit)}
${
  agents.length > 0 &&
  html`<p><label for="agent">${say(language, 'ahead.agent')}</label>
<select id="agent" name="agent"><option value="">${say(language, 'ahead.agent_none')}</option>${agents.map(
    ({ agentId, name, developer }) =>
      html`<option value="${agentId}">${plainLine(name).slice(0, 60)} · ${plainLine(developer.name).slice(0, 40)} · …${agentId.slice(-8)}</option>`,
  )}</select></p>`
}
<details${agents.length === 0 && html` open`}><summary>${say(language, 'ahead.other_agent')}</summary>
<p><label for="did">${say(language, 'ahead.did')}</label>
<input type="text" id="did" name="did" maxlength="512" spellcheck="false" placeholder="did:ath:…"></p>
<p><label for="key">${say(language, 'ahead.key')}</label>
<textarea id="key" name="key" rows="4" maxlength="2048" spellcheck="false" aria-describedby="key-hint"></textarea>
<span class="soft" id="key-hint">${say(language, 'ahead.key_hint')}</span></p></details>
<fieldset><legend>${say(language, 'ahead.scopes')}</legend><ul class="scopes">
${givable(config).map(
  (scope) =>
    html`<li><label><input type="checkbox" name="${scopeField(scope.qualified)}"><span><b>${scope.description ?? scope.name}</b><span class="meta"><code>${scope.qualified}</code><span class="soft">${say(language, 'consent.at', { provider: foreign(scope.provider, 40) })}</span>${scope.risk === 'high' && html`<span class="tag risk">! ${say(language, 'consent.high_risk')}</span>`}</span></span></label></li>
`,
)}</ul></fieldset>
<section><h2><label for="lifetime">${say(language, 'ahead.lifetime')}</label></h2>
<select id="lifetime" name="lifetime">${lifetimes.map(
    (seconds) =>
      html`<option value="${seconds}"${seconds === chosen && html` selected`}>${sayDuration(language, seconds)}</option>`,
  )}</select></section>
<ul class="scopes gap"><li><label><input type="checkbox" name="one_time"><span><b>${say(language, 'ahead.one_time')}</b></span></label></li></ul>
<p class="soft">${say(language, 'ahead.still_asked')}</p>
<div class="one"><button>${say(language, 'ahead.make')}</button></div></form>`
}
