import type { AuditSink } from '../ports/audit.ts'
import { type Clock, shownLine } from '@ath-protocol/types'
import { createEnrolment, mostPasskeys } from '../passkeys/enrol.ts'
import type { Challenges } from '../passkeys/challenges.ts'
import { passkeyForm } from '../passkeys/passkey-form.ts'
import { canHavePasskeys, type PasskeyPorts } from '../passkeys/relying-party.ts'
import { passkeyScript } from '../passkeys/script.ts'
import { foreign, plainLine } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { say, sayText } from '../pages/messages/say.ts'
import { sayInstant } from '../pages/messages/time.ts'
import type { Passkey } from '../ports/passkeys.ts'
import {
  csrfField,
  field,
  inChosenLanguage,
  isFresh,
  notice,
  type OwnPage,
  type OwnPages,
  staleNotice,
  type Visit,
} from './own-pages.ts'

export interface PasskeysPagePorts extends PasskeyPorts {
  readonly challenges: Challenges
  readonly clock: Clock
  readonly audit: AuditSink
}

const path = '/me/passkeys'
const labelSchema = shownLine(60)

/** `/me/passkeys`: what a person confirms with. Removing one needs no fresh sign-in: it gives nobody more. */
export function passkeysRoutes(pages: OwnPages, ports: PasskeysPagePorts) {
  const { store, clock } = ports
  const enrolment = createEnrolment(ports)

  const page = async (visit: Visit, problem?: Html): Promise<OwnPage> => {
    const { language, signedIn, call } = visit
    const own = await store.list(signedIn.person.id)
    const done = call.query.get('done')
    return {
      title: sayText(language, 'passkeys.title'),
      script: passkeyScript,
      refused: problem !== undefined,
      body: html`<h1>${say(language, 'passkeys.title')}</h1>
${problem}
${done === 'added' && notice(say(language, 'passkeys.added'))}
${done === 'removed' && notice(say(language, 'passkeys.removed'))}
<p>${say(language, 'passkeys.intro')}</p>
${own.length === 0 && html`<p>${say(language, 'passkeys.none')}</p>`}
${own.map((passkey) => passkeyCard(visit, passkey))}
${await addSection(visit, own.length)}`,
    }
  }

  async function addSection(visit: Visit, count: number): Promise<Html> {
    const { language, signedIn, call } = visit
    const title = html`<h2 id="add">${say(language, 'passkeys.add_title')}</h2>`
    if (count >= mostPasskeys)
      return html`<section>${title}<p>${say(language, 'passkeys.full', { count })}</p></section>`
    if (!canHavePasskeys(ports.party.id))
      return html`<section>${title}<p>${say(language, 'passkeys.needs_name')}</p></section>`
    if (!isFresh(visit, clock)) return html`<section>${title}${staleNotice(visit)}</section>`
    const form = passkeyForm(language, {
      create: await enrolment.creationOptions(signedIn.person, signedIn.session),
    })
    return html`<section aria-labelledby="add">${title}
<form method="post" action="${inChosenLanguage(call, path)}" autocomplete="off" ${form.attributes}>${csrfField(visit)}
<p><label for="label">${say(language, 'passkeys.label')}</label>
<input type="text" id="label" name="label" maxlength="60" required value="${usualLabel(visit, clock)}"></p>
${form.fields}
<div class="one"><button>${say(language, 'passkeys.add')}</button></div></form></section>`
  }

  return {
    [path]: {
      GET: pages.show((visit) => page(visit)),
      POST: pages.act(async (visit, fields) => {
        const { language, signedIn } = visit
        const problem = (key: 'passkeys.nothing_sent' | 'passkeys.not_added') =>
          page(visit, notice(say(language, key), 'alert'))
        if (!isFresh(visit, clock)) return page(visit)
        const answer = field(fields, 'passkey')
        if (answer === undefined || answer === '') return problem('passkeys.nothing_sent')
        const label = labelSchema.safeParse(field(fields, 'label')?.trim())
        const added = await enrolment.add(
          signedIn.person,
          signedIn.session,
          label.success ? label.data : usualLabel(visit, clock),
          answer,
        )
        return added.ok ? `${path}?done=added` : problem('passkeys.not_added')
      }),
    },
    [`${path}/remove`]: {
      POST: pages.act(async ({ signedIn }, fields) => {
        const userId = signedIn.person.id
        const credentialId = field(fields, 'passkey') ?? ''
        if (!(await store.remove(userId, credentialId))) return path
        ports.audit.record({
          event: 'user_key_removed',
          outcome: 'allowed',
          user_id: userId,
          decided_by: 'user',
          evidence: { kind: 'passkey', passkey: credentialId.slice(0, 64) },
        })
        await ports.audit.settled()
        return `${path}?done=removed`
      }),
    },
  }
}

function passkeyCard(visit: Visit, passkey: Passkey): Html {
  const { language, call } = visit
  const { label, lastUsedAt } = passkey
  return html`<article class="grant"><h2>${foreign(label)}</h2>
<div class="who"><span class="soft">${say(language, 'passkeys.added_on', { instant: sayInstant(language, passkey.createdAt) })}<br>${
    lastUsedAt === undefined
      ? say(language, 'passkeys.never_used')
      : say(language, 'passkeys.used_on', { instant: sayInstant(language, lastUsedAt) })
  }</span>
<form method="post" action="${inChosenLanguage(call, `${path}/remove`)}">${csrfField(visit)}<input type="hidden" name="passkey" value="${passkey.credentialId}"><button class="quiet" aria-label="${sayText(language, 'passkeys.remove_label', { label: plainLine(label) })}">${say(language, 'passkeys.remove')}</button></form></div></article>`
}

function usualLabel({ language }: Visit, clock: Clock): string {
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' })
  return sayText(language, 'passkeys.usual_label', {
    date: date.format(new Date(clock.now() * 1000)),
  })
}
