import type { Clock, Restrictions, UserId } from '@ath-protocol/types'
import { sayLimits } from '../desk/limits.ts'
import { personName } from '../login/person-name.ts'
import { foreign, plainLine } from '../pages/foreign-text.ts'
import { ownPath } from '../pages/own-path.ts'
import { html, type Html } from '../pages/html.ts'
import { say, sayText } from '../pages/messages/say.ts'
import { sayInstant } from '../pages/messages/time.ts'
import {
  csrfField,
  field,
  inChosenLanguage,
  notice,
  type OwnPages,
  type Visit,
} from './own-pages.ts'

/**
 * One live permission, as its owner sees it: a session with everything in it, or one grant of the two-phase handshake.
 * Instants are Unix seconds.
 */
export interface MyPermission {
  /** Of the session, or of the grant. */
  readonly id: string
  readonly agentName: string
  readonly providers: readonly {
    readonly name: string
    readonly scopes: readonly { readonly name: string; readonly description?: string | undefined }[]
  }[]
  readonly restrictions: readonly Restrictions[]
  readonly createdAt: number
  readonly expiresAt: number
}

export interface MyPermissions {
  /** The user's live permissions, newest first. */
  list(userId: UserId, now: number): Promise<readonly MyPermission[]>
  /** Ends one. Does nothing when it is not this user's. */
  revoke(userId: UserId, id: string): Promise<void>
}

/** `/me`: who is signed in and which agents may act for them, with a form to end each. */
export function myAgentsRoutes(
  pages: OwnPages,
  options: {
    readonly permissions: MyPermissions
    readonly clock: Clock
    /** The questions that wait. */
    readonly waiting: (visit: Visit) => Promise<Html | undefined>
  },
) {
  const { permissions, clock } = options
  return {
    '/me': {
      GET: pages.show(async (visit) => ({
        title: sayText(visit.language, 'me.title'),
        body: myAgentsPage(
          visit,
          await permissions.list(visit.signedIn.person.id, clock.now()),
          await options.waiting(visit),
        ),
      })),
    },
    '/me/revoke': {
      POST: pages.act(async ({ signedIn }, fields) => {
        const id = field(fields, 'permission')
        if (id !== undefined) await permissions.revoke(signedIn.person.id, id)
        return '/me?revoked=1'
      }),
    },
  }
}

function myAgentsPage(visit: Visit, permissions: readonly MyPermission[], waiting?: Html): Html {
  const { language, call, signedIn } = visit
  return html`<h1>${say(language, 'me.title')}</h1>
${call.query.has('revoked') && notice(say(language, 'me.revoked'))}
${waiting}
${permissions.length === 0 && html`<p>${say(language, 'me.none')}</p>`}
${permissions.map((permission) => permissionCard(visit, permission))}
<div class="who"><span>${say(language, 'me.signed_in', { user: foreign(personName(signedIn.person)) })}</span>
<form method="post" action="${ownPath(visit.call, '/logout')}">${csrfField(visit)}<button class="quiet">${say(language, 'me.sign_out')}</button></form></div>`
}

function permissionCard(visit: Visit, permission: MyPermission): Html {
  const { language, call } = visit
  const { agentName, providers } = permission
  const all = new Intl.ListFormat(language).format(providers.map(({ name }) => plainLine(name)))
  const limits = sayLimits(language, permission.restrictions)
  return html`<article class="grant">
<h2>${foreign(agentName)}</h2>
${providers.map(
  ({
    name,
    scopes,
  }) => html`<p class="soft">${say(language, 'me.provider', { provider: foreign(name) })}</p>
<ul>${scopes.map((scope) => html`<li>${scope.description ?? ''} <code>${scope.name}</code></li>`)}</ul>`,
)}
${limits.length > 0 && html`<ul class="points soft">${limits.map((limit) => html`<li>${limit}</li>`)}</ul>`}
<div class="who"><span class="soft">${say(language, 'me.since', { instant: sayInstant(language, permission.createdAt) })}<br>${say(language, 'me.until', { instant: sayInstant(language, permission.expiresAt) })}</span>
<form method="post" action="${inChosenLanguage(call, '/me/revoke')}">${csrfField(visit)}<input type="hidden" name="permission" value="${permission.id}"><button class="quiet" aria-label="${sayText(language, 'me.revoke_label', { agent: plainLine(agentName), provider: all })}">${say(language, 'me.revoke')}</button></form></div>
</article>`
}
