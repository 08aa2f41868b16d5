import { type AthAnswer, type AthCall, jsonAnswer, readBody } from '@ath-protocol/server'
import { fail, providerIdSchema, type Result, scopeSchema, shownLine } from '@ath-protocol/types'
import { z } from 'zod'
import { addAgent } from './add-agent.ts'
import { approveAgent, denyAgent, findAgent, resumeAgent, suspendAgent } from './agents.ts'
import { listGrants, revokeGrant } from './grants.ts'
import type { AdminFault, AdminPorts, Operator } from './ports.ts'
import { listSessions, stopSession } from './sessions.ts'
import {
  type AgentView,
  instant,
  type StatusView,
  viewAgent,
  viewGrant,
  viewSession,
} from './view.ts'

/** The operators' API: one request in, one answer out. Served over a socket by the gateway, or called in process. */
export type AdminApi = (call: AthCall) => Promise<AthAnswer>

const reason = z.string().min(1).max(200).optional()
const approveWish = z.strictObject({
  scopes: z.array(z.string().min(1).max(128)).min(1).max(100).optional(),
  lifetime_seconds: z.int().min(60).max(315_360_000).optional(),
})
const addWish = z.strictObject({
  did: z.string().min(1).max(512),
  key: z.string().min(1).max(16_384).optional(),
  name: shownLine(100),
  developer: shownLine(100).optional(),
  allow: z
    .record(providerIdSchema, z.array(scopeSchema).min(1).max(100))
    .refine((allow) => Object.keys(allow).length > 0, 'names no provider'),
  lifetime_seconds: z.int().min(60).max(315_360_000).optional(),
})
const reasonWish = z.strictObject({ because: reason })
const nothing = z.strictObject({})

export function createAdminApi(ports: AdminPorts): AdminApi {
  return async (call) => {
    const segments = call.path.slice(1).split('/').map(decode)
    const [noun = '', reference = '', verb = ''] = segments
    if (segments.length > 3 || segments.includes(undefined)) return unknown
    const route = `${call.method} ${noun}${reference && '/*'}${verb && `/${verb}`}`
    const operator = { name: operatorName(call) }
    switch (route) {
      case 'GET status':
        return jsonAnswer(200, await describeStatus(ports))
      case 'GET agents':
        return listAgents(ports, call.query.get('status'))
      case 'POST agents':
        return answerAgent(ports, await add(ports, call, operator))
      case 'GET agents/*':
        return answerAgent(ports, await findAgent(ports, reference))
      case 'POST agents/*/approve':
      case 'POST agents/*/deny':
      case 'POST agents/*/suspend':
      case 'POST agents/*/resume':
        return answerAgent(ports, await decide(ports, call, reference, verb, operator))
      case 'GET grants':
        return jsonAnswer(200, {
          grants: (
            await listGrants(ports, {
              ...given('userId', call.query.get('user')),
              ...given('clientId', call.query.get('client')),
              ...given('providerId', call.query.get('provider')),
              all: call.query.get('all') === 'true',
            })
          ).map(viewGrant),
        })
      case 'POST grants/*/revoke': {
        const revoked = await revokeGrant(ports, reference, operator)
        return revoked.ok ? jsonAnswer(200, viewGrant(revoked.value)) : refuse(revoked.error)
      }
      case 'GET sessions':
        return jsonAnswer(200, {
          sessions: (
            await listSessions(ports, {
              ...given('userId', call.query.get('user')),
              ...given('clientId', call.query.get('client')),
              all: call.query.get('all') === 'true',
            })
          ).map(viewSession),
        })
      case 'POST sessions/*/end': {
        const ended = await stopSession(ports, reference, operator)
        return ended.ok ? jsonAnswer(200, viewSession(ended.value)) : refuse(ended.error)
      }
      default:
        return unknown
    }
  }
}

async function add(ports: AdminPorts, call: AthCall, operator: Operator) {
  const wish = readWish(call, addWish)
  if (!wish.ok) return wish
  const { key, developer, lifetime_seconds, ...rest } = wish.value
  return addAgent(
    ports,
    {
      ...rest,
      ...(key === undefined ? {} : { key }),
      ...(developer === undefined ? {} : { developer }),
      ...(lifetime_seconds === undefined ? {} : { lifetimeSeconds: lifetime_seconds }),
    },
    operator,
  )
}

async function decide(
  ports: AdminPorts,
  call: AthCall,
  reference: string,
  verb: string,
  operator: Operator,
) {
  const agent = await findAgent(ports, reference)
  if (!agent.ok) return agent
  if (verb === 'approve') {
    const wish = readWish(call, approveWish)
    if (!wish.ok) return wish
    const { scopes, lifetime_seconds } = wish.value
    return approveAgent(
      ports,
      agent.value,
      {
        ...(scopes === undefined ? {} : { scopes }),
        ...(lifetime_seconds === undefined ? {} : { lifetimeSeconds: lifetime_seconds }),
      },
      operator,
    )
  }
  if (verb === 'resume') {
    const wish = readWish(call, nothing)
    return wish.ok ? resumeAgent(ports, agent.value, operator) : wish
  }
  const wish = readWish(call, reasonWish)
  if (!wish.ok) return wish
  const act = verb === 'deny' ? denyAgent : suspendAgent
  return act(ports, agent.value, wish.value.because, operator)
}

function readWish<T>(call: AthCall, schema: z.ZodType<T>): Result<T, AdminFault> {
  const body = readBody(call)
  const wish = body.ok ? schema.safeParse(body.value) : undefined
  if (wish?.success) return { ok: true, value: wish.data }
  const issue = wish?.error.issues[0]
  const where = issue ? `${issue.path.join('.') || 'body'}: ${issue.message}` : 'it is not JSON'
  return fail({ status: 400, problem: `the request is malformed: ${where}` })
}

async function listAgents(ports: AdminPorts, status: string | null): Promise<AthAnswer> {
  const now = ports.clock.now()
  const agents = (await ports.registry.list()).map((agent) => viewAgent(agent, now))
  return jsonAnswer(200, {
    agents: status === null ? agents : agents.filter((agent) => agent.status === status),
  })
}

async function describeStatus(ports: AdminPorts): Promise<StatusView> {
  const now = ports.clock.now()
  const agents: Record<AgentView['status'], number> = {
    approved: 0,
    pending: 0,
    denied: 0,
    suspended: 0,
    expired: 0,
  }
  for (const agent of await ports.registry.list()) agents[viewAgent(agent, now).status]++
  return {
    mode: ports.gateway.mode,
    url: ports.config.baseUrl,
    started_at: instant(ports.gateway.startedAt),
    agents,
    live_grants: (await ports.grants.list({ liveAt: now })).length,
    providers: [...ports.config.providers.keys()],
  }
}

function answerAgent(ports: AdminPorts, result: Awaited<ReturnType<typeof findAgent>>): AthAnswer {
  return result.ok
    ? jsonAnswer(200, viewAgent(result.value, ports.clock.now()))
    : refuse(result.error)
}

function refuse({ status, problem, fix }: AdminFault): AthAnswer {
  return jsonAnswer(status, { problem, ...(fix === undefined ? {} : { fix }) })
}

const unknown = refuse({
  status: 404,
  problem: 'the admin API has no such address',
  fix: 'use a `sallyport` of the same version as the gateway',
})

/** The operating system's user name of whoever runs the command; only that user and root can reach the socket. */
function operatorName(call: AthCall): string {
  const name = call.headers['x-operator'] ?? ''
  return /^[\w.@-]{1,64}$/.test(name) ? name : 'unknown'
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

const given = <Key extends string>(key: Key, value: string | null) =>
  (value === null ? {} : { [key]: value }) as { readonly [K in Key]?: string }
