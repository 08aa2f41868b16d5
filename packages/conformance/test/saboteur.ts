import { text } from 'node:stream/consumers'
import { type Listening, serve } from './subjects/listen.ts'

export interface Call {
  readonly method: string
  /** With query. */
  path: string
  headers: Record<string, string>
  body: string
}

export interface Reply {
  status: number
  headers: [string, string][]
  body: string
}

type Members = Record<string, unknown>

/** One thing that a server does wrong. */
export interface Fault {
  /** What is wrong, as a sentence. */
  readonly name: string
  /** The checks that find it. */
  readonly breaks: readonly string[]
  readonly mode?: 'gateway' | 'native'
  /** From the beginning, so that nothing which was made before hides it. */
  readonly fresh?: boolean
  /** Changes the request on its way, or answers in the server's place. */
  request?(call: Call): Reply | undefined | void
  /** Changes the answer, or gives another. */
  answer?(reply: Reply, call: Call): Reply | undefined | void | Promise<void>
}

export interface Saboteur extends Listening {
  /** What it does wrong from now on; nothing when undefined. */
  fault: Fault | undefined
  /** Where the honest server is. */
  target: string
  /** The provider that it shows as a native app. */
  appId: string
  /** What went wrong in the saboteur itself. */
  readonly crashes: string[]
}

/**
 * A reverse proxy that breaks one rule of the server behind it. It also shows the gateway as a native app would look:
 * with an `ath-app.json`, and the provider's paths as its own.
 */
export async function startSaboteur(appId: string, port: number): Promise<Saboteur> {
  const saboteur = {
    fault: undefined as Fault | undefined,
    target: '',
    appId,
    crashes: [] as string[],
  }
  const listening = await serve((request, response) => {
    void (async () => {
      const call: Call = {
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        headers: { ...(request.headers as Record<string, string>) },
        body: await text(request),
      }
      const { fault } = saboteur
      const own = fault?.request?.(call)
      let reply = own ?? (await forward(saboteur.target, asGateway(call, saboteur.appId)))
      if (call.path === '/.well-known/ath-app.json')
        reply = asApp(reply, saboteur.appId, listening.url)
      if (!own) reply = (await fault?.answer?.(reply, call)) ?? reply
      response.writeHead(reply.status, reply.headers.flat())
      response.end(reply.body)
    })().catch((cause: unknown) => {
      saboteur.crashes.push(String(cause))
      response.writeHead(599)
      response.end(String(cause))
    })
  }, port)
  return Object.assign(saboteur, listening)
}

const ownPaths = /^\/(?:ath|\.well-known|login|logout|me|health)(?:\/|\?|$)/

/** A direct call of a native app is a proxied one at the gateway; aliases of the app are the app. */
function asGateway(call: Call, appId: string): Call {
  const path =
    call.path === '/.well-known/ath-app.json'
      ? '/.well-known/ath.json'
      : ownPaths.test(call.path)
        ? call.path
        : `/ath/proxy/${appId}${call.path}`
  const body = call.body.replace(
    /"provider_id":"(?:default|shop)"/,
    `"provider_id":${JSON.stringify(appId)}`,
  )
  return { ...call, path, body }
}

function asApp(reply: Reply, appId: string, url: string): Reply {
  const gateway = JSON.parse(reply.body) as Members
  const providers = gateway['supported_providers'] as readonly Members[]
  const { gateway_id: _, supported_providers: __, ...rest } = gateway
  return json(200, {
    ...rest,
    app_id: appId,
    name: 'Shop',
    api_base: url,
    auth: {
      type: 'oauth2',
      authorization_endpoint: `${url}/ath/authorize`,
      token_endpoint: `${url}/ath/token`,
      scopes_supported: providers.find(({ provider_id }) => provider_id === appId)?.[
        'available_scopes'
      ],
      agent_attestation_required: true,
    },
  })
}

async function forward(target: string, { method, path, headers, body }: Call): Promise<Reply> {
  const {
    host: _,
    connection: __,
    'content-length': ___,
    'accept-encoding': ____,
    ...sent
  } = headers
  const response = await fetch(`${target}${path}`, {
    method,
    headers: sent,
    redirect: 'manual',
    ...(body === '' ? {} : { body }),
  })
  const kept = [...response.headers].filter(
    ([name]) => !/^(?:content-length|transfer-encoding|connection|keep-alive|date)$/.test(name),
  ) as [string, string][]
  return { status: response.status, headers: kept, body: await response.text() }
}

export const json = (status: number, body: object): Reply => ({
  status,
  headers: [['content-type', 'application/json']],
  body: JSON.stringify(body),
})

export const refusal = (status: number, code: string): Reply =>
  json(status, { code, message: 'the saboteur says no' })
