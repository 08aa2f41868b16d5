import express, { type Router } from 'express'
import { html } from '../html.ts'
import { hostCookie, readCookie } from '../people/cookie.ts'
import { sessionCookie } from '../people/identify.ts'
import type { Checks } from '../people/identity-provider.ts'
import { readReturnTo } from '../people/return-to.ts'
import { createExpiring, randomKey } from '../people/sessions.ts'
import { Refused } from '../refused.ts'
import type { Shop } from '../shop.ts'
import { checkForm } from './form.ts'
import { languageOf } from './language.ts'
import type { SendPage } from './page.ts'
import { say } from './words.ts'

const pendingCookie = '__Host-shop_sign_in'
const pendingSeconds = 600
const sessionSeconds = 28_800

interface Pending extends Checks {
  readonly returnTo: string
  readonly expiresAtMs: number
}

/** Signing in by OpenID Connect, and out. The session is the shop's own; its cookie is new at every sign-in. */
export function signInRoutes({ idp, sessions, url }: Shop, sendPage: SendPage): Router {
  const pending = createExpiring<Pending>(1000)
  const redirectUri = `${url}/sign-in/callback`
  const routes = express.Router()
  routes.get('/sign-in', async (request, response) => {
    const { url: there, checks } = await idp.begin(
      redirectUri,
      languageOf(request) === 'zh' ? 'zh-CN' : 'en',
      request.query['other'] !== undefined,
    )
    const key = pending.keep({
      ...checks,
      returnTo: readReturnTo(request.query['return_to']),
      expiresAtMs: Date.now() + pendingSeconds * 1000,
    })
    response
      .cookie(pendingCookie, key, { ...hostCookie, maxAge: pendingSeconds * 1000 })
      .set('cache-control', 'no-store')
      .redirect(there.href)
  })
  routes.get('/sign-in/callback', async (request, response) => {
    const key = readCookie(request, pendingCookie)
    const begun = pending.find(key)
    // Whatever comes of it, this answer is read once.
    pending.end(key)
    response.clearCookie(pendingCookie, hostCookie)
    if (!begun) throw signInFailed()
    const answer = new URL(request.originalUrl, url)
    const { id, name } = await idp.complete(answer, begun).catch(() => {
      throw signInFailed()
    })
    sessions.end(readCookie(request, sessionCookie))
    const session = sessions.keep({
      shopperId: id,
      name,
      formToken: randomKey(),
      expiresAtMs: Date.now() + sessionSeconds * 1000,
    })
    response
      .cookie(sessionCookie, session, { ...hostCookie, maxAge: sessionSeconds * 1000 })
      .set('cache-control', 'no-store')
      .redirect(begun.returnTo)
  })
  routes.post('/sign-out', checkForm, (request, response) => {
    sessions.end(readCookie(request, sessionCookie))
    response.clearCookie(sessionCookie, hostCookie).redirect(303, '/signed-out')
  })
  routes.get('/signed-out', (request, response) => {
    const language = languageOf(request)
    const title = say(language, 'signedOut')
    sendPage(request, response, {
      title,
      body: html`<h1>${title}</h1><p><a class="button" href="/sign-in">${say(language, 'signInAgain')}</a></p><p><a href="/sign-in?other=1">${say(language, 'signInOther')}</a></p>`,
    })
  })
  return routes
}

const signInFailed = () => new Refused(400, 'sign_in_failed', 'the sign-in was not completed')
