import type { UserKey } from '../ports/nine-step.ts'
import { didOfKey } from '@ath-protocol/types'
import { foreign, plainLine } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { say, sayText } from '../pages/messages/say.ts'
import { sayInstant } from '../pages/messages/time.ts'
import {
  addKey,
  type KeyProblem,
  longestKey,
  longestLabel,
  type MyKeysPorts,
  readKey,
  readLabel,
  removeKey,
} from './my-keys.ts'
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

const path = '/me/keys'

/** `/me/keys`: the keys with which a person's programs show questions, answer them and sign permissions. */
export function keysRoutes(pages: OwnPages, ports: MyKeysPorts) {
  const page = async (visit: Visit, problem?: KeyProblem): Promise<OwnPage> => {
    const { language, signedIn, call } = visit
    const own = await ports.userKeys.list(signedIn.person.id)
    const done = call.query.get('done')
    return {
      title: sayText(language, 'keys.title'),
      refused: problem !== undefined,
      body: html`<h1>${say(language, 'keys.title')}</h1>
${problem !== undefined && notice(say(language, problem), 'alert')}
${done === 'added' && notice(say(language, 'keys.added'))}
${done === 'removed' && notice(say(language, 'keys.removed'))}
<p>${say(language, 'keys.intro')}</p>
${own.length === 0 && html`<p>${say(language, 'keys.none')}</p>`}
${own.map((key) => keyCard(visit, key))}
<section aria-labelledby="add"><h2 id="add">${say(language, 'keys.add_title')}</h2>
${isFresh(visit, ports.clock) ? addForm(visit) : staleNotice(visit)}</section>`,
    }
  }

  /** A program opened this page with its key in the address: the person compares, then adds. */
  const offered = async (visit: Visit, text: string): Promise<OwnPage> => {
    const { language, call } = visit
    const key = await readKey(Buffer.from(text, 'base64url').toString('utf8'))
    if (typeof key === 'string') return page(visit, key)
    const label = readLabel(call.query.get('label') ?? undefined) ?? ''
    return {
      title: sayText(language, 'keys.offered_title'),
      body: html`<h1>${say(language, 'keys.offered_title')}</h1>
<p>${say(language, 'keys.offered_text')}</p>
${fingerprint(visit, key.thumbprint)}
${notice(say(language, 'keys.offered_warning'), 'alert')}
${
  isFresh(visit, ports.clock)
    ? html`<form method="post" action="${inChosenLanguage(call, path)}" autocomplete="off">${csrfField(visit)}
<input type="hidden" name="key" value="${JSON.stringify(key.jwk)}">
${labelField(visit, label)}
<div class="two"><a class="button quiet" href="${inChosenLanguage(call, path)}">${say(language, 'keys.not_mine')}</a><button>${say(language, 'keys.add')}</button></div></form>`
    : staleNotice(visit)
}`,
    }
  }

  return {
    [path]: {
      GET: pages.show((visit) => {
        const text = visit.call.query.get('key')
        return text === null ? page(visit) : offered(visit, text)
      }),
      POST: pages.act(async (visit, fields) => {
        if (!isFresh(visit, ports.clock)) return page(visit)
        const key = await readKey(field(fields, 'key') ?? '')
        if (typeof key === 'string') return page(visit, key)
        const label = readLabel(field(fields, 'label'))
        if (label === undefined) return page(visit, 'keys.problem_label')
        const problem = await addKey(ports, visit.signedIn.person.id, key, label)
        return problem === undefined ? `${path}?done=added` : page(visit, problem)
      }),
    },
    [`${path}/remove`]: {
      POST: pages.act(async ({ signedIn }, fields) => {
        const removed = await removeKey(ports, signedIn.person.id, field(fields, 'key') ?? '')
        return removed ? `${path}?done=removed` : path
      }),
    },
  }
}

function addForm(visit: Visit): Html {
  const { language, call } = visit
  return html`<form method="post" action="${inChosenLanguage(call, path)}" autocomplete="off">${csrfField(visit)}
${labelField(visit, '')}
<p><label for="key">${say(language, 'keys.key')}</label>
<textarea id="key" name="key" rows="5" maxlength="${longestKey}" required spellcheck="false"></textarea></p>
<div class="one"><button>${say(language, 'keys.add')}</button></div></form>`
}

function labelField({ language }: Visit, label: string): Html {
  return html`<p><label for="label">${say(language, 'keys.label')}</label>
<input type="text" id="label" name="label" maxlength="${longestLabel}" required value="${label}"></p>`
}

function fingerprint({ language }: Visit, thumbprint: string): Html {
  return html`<dl><dt>${say(language, 'keys.fingerprint')}</dt><dd><code>${thumbprint}</code></dd></dl>`
}

function keyCard(visit: Visit, key: UserKey): Html {
  const { language, call } = visit
  return html`<article class="grant"><h2>${foreign(key.label)}</h2>
<p><code>${didOfKey(key)}</code></p>
<div class="who"><span class="soft">${say(language, 'keys.since', { instant: sayInstant(language, key.createdAt) })}</span>
<form method="post" action="${inChosenLanguage(call, `${path}/remove`)}">${csrfField(visit)}<input type="hidden" name="key" value="${key.thumbprint}"><button class="quiet" aria-label="${sayText(language, 'keys.remove_label', { label: plainLine(key.label) })}">${say(language, 'keys.remove')}</button></form></div></article>`
}
