import { type Failure, fail } from '@ath-protocol/types'
import { type Endpoint, refusalEvent, serve } from '../endpoint/endpoint.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { type Outcome, story } from '../story/stage.ts'
import { readBody } from '../wire/body.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import { completeEndpoint } from './complete.ts'
import { greetEndpoint } from './greet.ts'
import { identifyEndpoint } from './identify.ts'
import { type ReceivedMessage, refuseMessage } from './message.ts'
import { requestScopesEndpoint } from './request-scopes.ts'
import { endSessionEndpoint, refreshEndpoint } from './session-request.ts'

/** The stages that each kind of message runs through. */
export const messageStages: Readonly<Record<string, readonly string[]>> = {
  handshake_request: greetEndpoint.story.names,
  identity_proof: identifyEndpoint.story.names,
  scope_request: requestScopesEndpoint.story.names,
  handshake_complete: completeEndpoint.story.names,
  token_refresh: refreshEndpoint.story.names,
  session_end: endSessionEndpoint.story.names,
}

/** `POST /ath/handshake` (U3): one address for every message, told apart by `type`. */
export function serveHandshake(ports: AthPorts, call: AthCall): Promise<AthAnswer> {
  const read = readBody(call)
  const body = read.ok ? read.value : {}
  switch (body['type']) {
    case 'handshake_request':
      return serve(greetEndpoint, ports, { call, body })
    case 'identity_proof':
      return serve(identifyEndpoint, ports, { call, body })
    case 'scope_request':
      return serve(requestScopesEndpoint, ports, { call, body })
    case 'handshake_complete':
      return serve(completeEndpoint, ports, { call, body })
    case 'token_refresh':
      return serve(refreshEndpoint, ports, { call, body })
    case 'session_end':
      return serve(endSessionEndpoint, ports, { call, body })
    default:
      return serve(unreadable(read.ok ? unknownType : read.error), ports, { call, body })
  }
}

const unknownType: Failure = {
  reason: 'request_malformed',
  errors: [{ path: 'type', problem: `one of ${Object.keys(messageStages).join(', ')}` }],
}

/** What is no message at all is counted, refused and recorded like one. */
const unreadable = (failure: Failure): Endpoint<ReceivedMessage, ReceivedMessage> => ({
  story: story<AthPorts, ReceivedMessage>().stage('read', (ports, { call }) => {
    const within = takeLimit(ports.limits, 'handshake_ip', callerKey(call.ip))
    return within.ok ? fail(failure) : within
  }),
  answer: () => {
    throw new TypeError('what cannot be read is not answered')
  },
  record: ({ reached, result }: Outcome<ReceivedMessage>) =>
    result.ok ? undefined : refusalEvent(reached, result.error, 'request_refused', {}),
  refuse: refuseMessage,
})
