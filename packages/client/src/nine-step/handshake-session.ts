import type { Clock } from '@ath-protocol/types'
import { callApi, type ServiceRequest, withJson } from '../api-call.ts'
import { createRenewal } from '../renewal.ts'
import { callService, callServiceOrThrow, type ServiceCaller } from '../service-call.ts'
import type { CallInit, StepUpSetting } from '../step-up.ts'
import { encryptedTransport } from './encrypted-transport.ts'
import type { HandshakeKey } from './handshake-key.ts'
import type { Link } from './link.ts'
import { resolveServiceTarget } from './service-target.ts'
import { endSession, refreshToken } from './session-request.ts'
import type { StoredHandshake } from './stored-handshake.ts'
import type { FindTokenKey } from './token-key.ts'

/** What a nine-step handshake gave: one agent, for one user, at one or more services behind one gateway. */
export interface HandshakeSession
  extends Omit<StoredHandshake, 'keys' | 'nextSequence' | 'endpoint' | 'jwks' | 'issuer'> {
  /** Left out of `JSON.stringify` and of what `console.log` shows. */
  readonly accessToken: string
  /** Whether requests and answers are encrypted end to end with the session's keys (U10). */
  readonly encrypted: boolean
  /**
   * The platform's `fetch` for the services of this session: `/oa/api/x`, or a URL of the gateway; in native mode a path
   * below `api_base`, which an encrypted session reaches by `/ath/proxy/<app>/…`. The token is renewed before it expires,
   * and once when the answer is that it has. A call that the user must confirm is shown to them and repeated until they
   * have answered. Redirects are returned, not followed.
   */
  fetch(input: string | URL | Request, init?: CallInit): Promise<Response>
  /** As `fetch`, and an answer that is not 2xx is thrown as `AthError`. */
  request(method: string, path: string | URL, init?: ServiceRequest): Promise<Response>
  /** `body` goes as JSON; JSON comes back parsed, anything else as text, nothing (204) as undefined. */
  api<T = unknown>(method: string, path: string | URL, body?: unknown, init?: CallInit): Promise<T>
  /** A fresh token now. */
  refresh(signal?: AbortSignal): Promise<void>
  /** Ends the session with every permission in it. */
  end(signal?: AbortSignal): Promise<void>
  /** What to keep, to go on later with `resumeHandshake`. Secret. */
  stored(): StoredHandshake
}

export interface SessionOptions {
  /** Told of each token that was renewed, and awaited. */
  readonly onRenewed?: ((stored: StoredHandshake) => unknown) | undefined
  /**
   * Sets aside the next number for an encrypted request, at least `atLeast`, durably and for this caller alone. Needed
   * where several processes share one session; default: counted here, on from `stored.nextSequence`.
   */
  readonly takeSequence?: ((atLeast: number) => number | Promise<number>) | undefined
  /** How the user learns that a call waits for them; can be given with each call, too. Default `print`. */
  readonly onStepUp?: StepUpSetting | undefined
  /** From sending a call to its response headers; 0 is none. Default 300. */
  readonly callTimeoutSeconds?: number | undefined
}

export function createHandshakeSession(
  link: Link & { readonly clock: Clock },
  key: HandshakeKey,
  stored: StoredHandshake,
  { findTokenKey, ...options }: SessionOptions & { readonly findTokenKey: FindTokenKey },
): HandshakeSession {
  const { keys } = stored
  let current = stored
  let nextSequence = stored.nextSequence ?? 0
  const countSequence = (atLeast: number) => {
    const taken = Math.max(nextSequence, atLeast)
    nextSequence = taken + 1
    return taken
  }
  const store = (): StoredHandshake => ({ ...current, ...(keys ? { nextSequence } : {}) })
  const renewal = createRenewal<StoredHandshake>(
    link.clock,
    stored,
    (before) => refreshToken(link, key, before, findTokenKey),
    (renewed) => {
      current = renewed
      show(renewed)
      return options.onRenewed?.(store())
    },
  )
  const caller: ServiceCaller = {
    ...link,
    agentId: stored.agentId,
    onStepUp: options.onStepUp,
    callTimeoutSeconds: options.callTimeoutSeconds ?? 300,
    transport: keys
      ? encryptedTransport(link.transport, {
          sessionId: stored.sessionId,
          keys,
          takeSequence: options.takeSequence ?? countSequence,
        })
      : link.transport,
    renewal,
    resolve: (input) => resolveServiceTarget(stored, input),
  }
  const session = {
    encrypted: keys !== undefined,
    fetch: (input: string | URL | Request, init?: CallInit) => callService(caller, input, init),
    request: (method: string, path: string | URL, init: ServiceRequest = {}) =>
      callServiceOrThrow(caller, path, { ...withJson(init), method }),
    api: <T>(method: string, path: string | URL, body?: unknown, init?: CallInit) =>
      callApi(caller, method, path, body, init) as Promise<T>,
    refresh: renewal.renew,
    end: (signal?: AbortSignal) => endSession({ ...link, signal }, key, stored),
    stored: store,
  }
  const show = ({
    keys,
    nextSequence,
    endpoint,
    jwks,
    issuer,
    accessToken,
    ...open
  }: StoredHandshake) =>
    Object.defineProperty(Object.assign(session, open), 'accessToken', {
      value: accessToken,
      configurable: true,
      enumerable: false,
    })
  show(stored)
  return session as typeof session & StoredHandshake
}
