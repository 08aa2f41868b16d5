import type { Clock } from '@ath-protocol/types'
import { readAnswer, type ReadValue } from './answer.ts'
import { AthError } from './ath-error.ts'
import type { Place } from './place.ts'
import type { StepUpSetting } from './step-up.ts'
import type { StoredSession } from './stored-session.ts'
import { type Transport, transmit } from './transmit.ts'

/** What a registration gives. Keep both; the secret is shown once. */
export interface Credentials {
  readonly clientId: string
  /** Absent: only what the agent's key alone can do is possible (status, rotation). */
  readonly clientSecret?: string
}

/** One agent at one place: what every protocol step needs. */
export interface AgentContext extends Place {
  readonly agentId: string
  readonly clock: Clock
  readonly transport: Transport
  /** For every request, under our own (C12). */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  readonly callTimeoutSeconds: number
  /** A fresh attestation for this audience, one per call (R39). */
  attest(audience: string): Promise<string>
  credentials(): Credentials | undefined
  /** Default for every call. */
  readonly onStepUp?: StepUpSetting | undefined
  readonly onRenewed?: ((stored: StoredSession) => unknown) | undefined
}

export function requireCredentials(context: AgentContext): Required<Credentials> {
  const { clientId, clientSecret } = context.credentials() ?? {}
  if (clientId === undefined || clientSecret === undefined)
    throw new AthError('CREDENTIALS_MISSING', { details: { at: context.base } })
  return { clientId, clientSecret }
}

export interface Question<T> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly read: ReadValue<T>
  /** Whether sending it twice is the same as once. Default: for GET. */
  readonly repeatable?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Who asks a protocol endpoint, and how. */
export type Asking = Pick<AgentContext, 'clock' | 'transport' | 'headers' | 'timeoutSeconds'>

/** Asks one protocol endpoint. Only GET is ever repeated: no other step is safe to do twice. */
export async function ask<T>(context: Asking, question: Question<T>): Promise<T> {
  const { method, body, signal, read, repeatable = method === 'GET' } = question
  const url = new URL(question.url)
  const { timeoutSeconds } = context
  const response = await transmit(
    context.transport,
    url,
    {
      method,
      headers: {
        ...context.headers,
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...question.headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    },
    { timeoutSeconds, signal, repeatable },
  )
  return readAnswer(response, read, { url, clock: context.clock, timeoutSeconds, signal })
}
