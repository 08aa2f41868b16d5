import { story } from './stage.ts'
import { authorize } from './authorize.ts'
import { bind } from './bind.ts'
import { consent } from './consent.ts'
import type { ProxyPorts, Received } from './exchange.ts'
import { filter } from './filter.ts'
import { forward } from './forward.ts'
import { guard } from './guard.ts'
import { identify } from './identify.ts'
import { mint } from './mint.ts'
import { prove } from './prove.ts'
import { read } from './read.ts'

/**
 * The way of every call of an agent. A stage that needs what a later one gives does not compile. The last stage,
 * `record`, is not in the chain: it takes the outcome, however the call ended (record.ts).
 *
 * Up to `guard` it is the same for all; then an app that speaks ATH itself does what was asked.
 */
export const admissionStory = story<ProxyPorts, Received>()
  .stage('identify', identify) //   who is calling?                     + token
  .stage('bind', bind) //           may this token be used here, now?   + route
  .stage('prove', prove) //         do they hold what it is bound to?   + unsealed
  .stage('read', read) //           what do they ask for?               + method, path
  .stage('authorize', authorize) // does a scope open it, here and now? + scope
  .stage('consent', consent) //     does the user's yes still stand?    + grant
  .stage('guard', guard) //         may it be sent as it is?            + maxBodyBytes, wholeBody

/** What a proxied call passes besides: it is sent on. */
export const proxyStory = admissionStory
  .stage('mint', mint) //           what may the upstream know?         + credentialHeaders
  .stage('forward', forward) //     ask the upstream                    + answer
  .stage('filter', filter) //       what may come back?                 + answerHeaders

export type AdmissionOutcome = Awaited<ReturnType<typeof admissionStory.tell>>
export type ProxyOutcome = Awaited<ReturnType<typeof proxyStory.tell>>
