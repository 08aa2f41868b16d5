import { type Failure, userProofHeader } from '@ath-protocol/types'
import { answerConsentEndpoint } from './authorize/answer-consent.ts'
import { authorizeEndpoint } from './authorize/authorize.ts'
import { wantsPage } from './authorize/browser.ts'
import { openEndpoint } from './authorize/open.ts'
import { callbackEndpoint, callbackNotice } from './callback/callback.ts'
import { answerConfirmationEndpoint } from './confirm/answer.ts'
import { signedConfirmationEndpoint } from './confirm/answer-signed.ts'
import { legCallbackEndpoint } from './confirm/leg-callback.ts'
import { presentConfirmationEndpoint } from './confirm/present.ts'
import { readConfirmationEndpoint } from './confirm/read.ts'
import { isLegCallback } from './confirm/upstream-leg.ts'
import { discoveryDocument } from './discovery/discovery.ts'
import { answerFailure, serve } from './endpoint/endpoint.ts'
import type { AthPorts } from './endpoint/ports.ts'
import { answerDid } from './nine-step/did-endpoint.ts'
import { messageStages, serveHandshake } from './nine-step/handshake.ts'
import { pollEndpoint } from './nine-step/poll.ts'
import { registerEndpoint } from './register/register.ts'
import { revokeEndpoint } from './revoke/revoke.ts'
import { rotateSecretEndpoint } from './status/rotate-secret.ts'
import { statusEndpoint } from './status/status.ts'
import { renewEndpoint } from './token/renew.ts'
import { tokenEndpoint } from './token/token.ts'
import {
  listCredentialsEndpoint,
  makeCredentialEndpoint,
  revokeCredentialEndpoint,
} from './user/credentials.ts'
import { inboxEndpoint } from './user/inbox.ts'
import { publicJson } from './wire/answer.ts'
import type { AthAnswer, AthCall } from './wire/http.ts'

type Route = (call: AthCall, parameter: string) => AthAnswer | Promise<AthAnswer>
type PatternRoute = readonly [pattern: RegExp, methods: Readonly<Record<string, Route>>]

/** The stages of each endpoint, for the table in the docs. */
export const endpointStages: Readonly<Record<string, readonly string[]>> = {
  'POST /ath/agents/register': registerEndpoint.story.names,
  'GET /ath/agents/{client_id}': statusEndpoint.story.names,
  'POST /ath/agents/{client_id}/secret': rotateSecretEndpoint.story.names,
  'POST /ath/authorize': authorizeEndpoint.story.names,
  'GET /ath/authorize/{opaque}': openEndpoint.story.names,
  'POST /ath/authorize/{opaque}': answerConsentEndpoint.story.names,
  'GET /ath/callback': callbackEndpoint.story.names,
  'GET /ath/callback, nine steps': legCallbackEndpoint.story.names,
  'POST /ath/token': tokenEndpoint.story.names,
  'POST /ath/token/renew': renewEndpoint.story.names,
  'POST /ath/revoke': revokeEndpoint.story.names,
  ...Object.fromEntries(
    Object.entries(messageStages).map(([type, names]) => [`POST /ath/handshake, ${type}`, names]),
  ),
  'GET /ath/handshake/{handshake_id}': pollEndpoint.story.names,
  'GET /ath/confirm/{request_id}': presentConfirmationEndpoint.story.names,
  'GET /ath/confirm/{request_id}, JSON': readConfirmationEndpoint.story.names,
  'POST /ath/confirm/{request_id}': answerConfirmationEndpoint.story.names,
  'POST /ath/confirm/{request_id}, JSON': signedConfirmationEndpoint.story.names,
  'GET /ath/inbox': inboxEndpoint.story.names,
  'GET /ath/credentials': listCredentialsEndpoint.story.names,
  'POST /ath/credentials': makeCredentialEndpoint.story.names,
  'DELETE /ath/credentials/{id}': revokeCredentialEndpoint.story.names,
}

/**
 * The ATH endpoints as one function: a call in, an answer out, and undefined for an address that is not ATH's. It
 * never throws; a failure inside is answered and recorded like any other.
 */
export function createAthHandlers(
  ports: AthPorts,
): (call: AthCall) => Promise<AthAnswer | undefined> {
  const discovery = JSON.stringify(discoveryDocument(ports.config, ports.nineStep))
  const routes: readonly PatternRoute[] = [
    [/^\/\.well-known\/ath\.json$/, { GET: () => publicJson(discovery) }],
    [/^\/ath\/agents\/register$/, { POST: (call) => serve(registerEndpoint, ports, { call }) }],
    [
      /^\/ath\/agents\/([A-Za-z0-9_-]{1,128})$/,
      { GET: (call, clientId) => serve(statusEndpoint, ports, { call, clientId }) },
    ],
    [
      /^\/ath\/agents\/([A-Za-z0-9_-]{1,128})\/secret$/,
      { POST: (call, clientId) => serve(rotateSecretEndpoint, ports, { call, clientId }) },
    ],
    [/^\/ath\/authorize$/, { POST: (call) => serve(authorizeEndpoint, ports, { call }) }],
    [
      /^\/ath\/authorize\/([A-Za-z0-9_-]{43})$/,
      {
        GET: (call, opaque) => serve(openEndpoint, ports, { call, opaque }),
        POST: (call, opaque) => serve(answerConsentEndpoint, ports, { call, opaque }),
      },
    ],
    [
      /^\/ath\/callback$/,
      {
        GET: (call) =>
          isLegCallback(call)
            ? serve(legCallbackEndpoint, ports, { call })
            : (callbackNotice(ports, call) ?? serve(callbackEndpoint, ports, { call })),
      },
    ],
    [/^\/ath\/token$/, { POST: (call) => serve(tokenEndpoint, ports, { call }) }],
    [/^\/ath\/token\/renew$/, { POST: (call) => serve(renewEndpoint, ports, { call }) }],
    [/^\/ath\/revoke$/, { POST: (call) => serve(revokeEndpoint, ports, { call }) }],
    confirmRoute(ports),
    ...(ports.nineStep ? nineStepRoutes(ports) : []),
  ]
  return async (call) => {
    for (const [pattern, methods] of routes) {
      const match = pattern.exec(call.path)
      if (!match) continue
      const route = methods[call.method]
      if (!route) return refuse({ reason: 'method_unknown', allow: Object.keys(methods) })
      return route(call, match[1] ?? '')
    }
    return undefined
  }
}

/** A question to one person, of a nine-step handshake or about one request. */
const confirmRoute = (ports: AthPorts): PatternRoute => [
  /^\/ath\/confirm\/([A-Za-z0-9_-]{1,128})$/,
  {
    GET: (call, requestId) =>
      wantsPage(call) && call.headers[userProofHeader] === undefined
        ? serve(presentConfirmationEndpoint, ports, { call, requestId })
        : serve(readConfirmationEndpoint, ports, { call, requestId }),
    POST: (call, requestId) =>
      isJson(call)
        ? serve(signedConfirmationEndpoint, ports, { call, requestId })
        : serve(answerConfirmationEndpoint, ports, { call, requestId }),
  },
]

const nineStepRoutes = (ports: AthPorts): readonly PatternRoute[] => [
  [/^\/ath\/handshake$/, { POST: (call) => serveHandshake(ports, call) }],
  [
    /^\/ath\/handshake\/([A-Za-z0-9_-]{1,128})$/,
    { GET: (call, handshakeId) => serve(pollEndpoint, ports, { call, handshakeId }) },
  ],
  [/^\/ath\/did\/([A-Za-z0-9._:%-]{1,512})$/, { GET: (_call, did) => answerDid(ports, did) }],
  [/^\/ath\/inbox$/, { GET: (call) => serve(inboxEndpoint, ports, { call }) }],
  [
    /^\/ath\/credentials$/,
    {
      GET: (call) => serve(listCredentialsEndpoint, ports, { call }),
      POST: (call) => serve(makeCredentialEndpoint, ports, { call }),
    },
  ],
  [
    /^\/ath\/credentials\/([^/]{1,400})$/,
    {
      DELETE: (call, encodedId) => serve(revokeCredentialEndpoint, ports, { call, encodedId }),
    },
  ],
]

/** Programs send JSON; a form is what a browser posts. */
const isJson = ({ headers }: AthCall): boolean =>
  /^application\/([a-z0-9.+-]+\+)?json\b/i.test(headers['content-type'] ?? '')

const refuse = (failure: Failure): AthAnswer => answerFailure(failure, '')
