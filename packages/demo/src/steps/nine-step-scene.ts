import { readGatewayRefusal } from '@ath-protocol/client'
import {
  handshake,
  type HandshakeSession,
  type PendingConfirmation,
  readHandshakeKey,
} from '@ath-protocol/client/nine-step'
import { createUserClient, type UserClient } from '@ath-protocol/client/person'
import { encryptedMediaType } from '@ath-protocol/types'
import { setTimeout as wait } from 'node:timers/promises'
import { gatewayDid } from '../gateway-config.ts'
import type { GatewayProcess } from '../gateway-process.ts'
import { createKeyPair, type DidAgent } from '../world/did-agent.ts'
import type { World } from '../world/world.ts'

/** A working day, in seconds. */
export const eightHours = 28_800

/** Two networks. The proxy at the company's edge tells the gateway from where a call comes. */
export const office = '10.20.30.40'
export const elsewhere = '192.0.2.9'

/** What the user gave an agent ahead of time. */
export interface Permission {
  readonly id: string
  readonly credential: string
}

export interface Wish {
  readonly agent: DidAgent
  readonly scopes: readonly string[]
  readonly context: string
  readonly permission: Permission
  readonly encrypted?: boolean
  readonly onProgress?: Parameters<typeof handshake>[0]['onProgress']
}

/** One of the chats. */
interface Chat<Message> {
  readonly messages: readonly Message[]
}

/** What a handshake came to, and which question it took. */
export interface Asked<Message> {
  readonly session: HandshakeSession
  readonly message: Message
  /** As agent and person see it. */
  readonly reference: string
}

/** What came back, and why where the gateway refused. */
export interface PlainAnswer {
  readonly status: number
  readonly code: string
  readonly reason: string
  readonly rule: string
  readonly text: string
}

/** What the steps of the nine-step handshake have at hand, and leave for each other. */
export interface NineStepScene {
  /** The network of the office, on the way through the company's edge. */
  readonly officeFetch: typeof fetch
  /** Wang's own program, as `athx` would be; its key cannot be read out. */
  readonly program: UserClient
  readonly permissions: Map<string, Permission>
  readonly sessions: Map<string, HandshakeSession>
  /** Signs with Wang's key, and lodges it at the gateway. */
  permit(agent: DidAgent, scopes: readonly string[]): Promise<Permission>
  /** The whole handshake: `answer` is called when the question has come to the chat. */
  ask<Message>(
    wish: Wish,
    chat: Chat<Message>,
    answer: (message: Message) => Promise<unknown>,
  ): Promise<Asked<Message>>
  /** Sends what was sent encrypted last once more, as somebody on the way might. */
  replay(): Promise<PlainAnswer & { readonly sent: string }>
  /** One call by a service's own short path, with nothing but the token. */
  call(
    session: HandshakeSession,
    method: string,
    path: string,
    options?: { readonly from?: string; readonly json?: unknown },
  ): Promise<PlainAnswer>
}

export async function createNineStepScene(
  world: World,
  gateway: GatewayProcess,
  secrets: Set<string>,
): Promise<NineStepScene> {
  const program = await createUserClient({ gateway: gateway.url, key: await createKeyPair() })
  let sealed: { readonly url: string; readonly init: RequestInit & { body: string } } | undefined
  const officeFetch: typeof fetch = (input, init = {}) => {
    const headers = new Headers(init.headers)
    headers.set('x-forwarded-for', office)
    const url = input instanceof Request ? input.url : input.toString()
    const { body } = init
    if (headers.get('content-type') === encryptedMediaType && typeof body === 'string')
      sealed = { url, init: { ...init, headers, body } }
    return fetch(input, { ...init, headers })
  }
  return {
    officeFetch,
    program,
    permissions: new Map(),
    sessions: new Map(),
    async permit(agent, scopes) {
      const { publicKey } = await readHandshakeKey(agent.key)
      const permission = await program.sign({
        agentDid: agent.did,
        agentThumbprint: publicKey.thumbprint,
        serverDid: gatewayDid,
        scopes,
        lifetimeSeconds: eightHours,
      })
      secrets.add(permission.credential)
      await program.lodge(permission.credential)
      return permission
    },
    async ask({ agent, permission, ...wish }, chat, answer) {
      const before = chat.messages.length
      const pending = Promise.withResolvers<PendingConfirmation>()
      const opening = handshake({
        ...wish,
        gateway: gateway.url,
        serverDid: gatewayDid,
        did: agent.did,
        key: agent.key,
        ttl: eightHours,
        credential: permission.credential,
        fetch: officeFetch,
        timeoutSeconds: 10,
        callTimeoutSeconds: 15,
        onPending: pending.resolve,
      })
      // Whoever waits for the question hears of it too when there will be none.
      opening.catch(pending.reject)
      const { requestId: reference } = await pending.promise
      const message = await nextMessage(chat, before)
      await answer(message)
      const session = await opening
      secrets.add(session.accessToken)
      return { session, message, reference }
    },
    async replay() {
      if (!sealed) throw new Error('nothing was sent encrypted: an earlier step failed')
      const { signal, ...init } = sealed.init
      const answer = await readAnswer(await fetch(sealed.url, init))
      return { ...answer, sent: init.body }
    },
    async call(session, method, path, { from = office, json } = {}) {
      const isJson = json !== undefined
      return readAnswer(
        await fetch(`${gateway.url}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${session.accessToken}`,
            ...(isJson ? { 'content-type': 'application/json' } : {}),
            'x-forwarded-for': from,
          },
          ...(isJson ? { body: JSON.stringify(json) } : {}),
          signal: AbortSignal.timeout(10_000),
        }),
      )
    },
  }
}

async function readAnswer(answer: Response): Promise<PlainAnswer> {
  const refusal = await readGatewayRefusal(answer, { clock, timeoutSeconds: 10 })
  const detail = (name: string) => {
    const value = refusal?.details[name]
    return typeof value === 'string' ? value : ''
  }
  return {
    status: answer.status,
    code: refusal?.code ?? '',
    reason: detail('reason'),
    rule: detail('rule'),
    text: await answer.text(),
  }
}

const clock = { now: () => Date.now() / 1000 }
const deliverySeconds = 10

/** The gateway tells the chat beside its answer to the agent, so that it may take a moment. */
async function nextMessage<Message>(chat: Chat<Message>, before: number): Promise<Message> {
  const deadline = Date.now() + deliverySeconds * 1000
  while (Date.now() < deadline) {
    const message = chat.messages.length > before ? chat.messages.at(-1) : undefined
    if (message !== undefined) return message
    await wait(20)
  }
  throw new Error('no question came to the chat')
}
