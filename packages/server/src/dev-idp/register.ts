import {
  agentClientMembers,
  isLoopbackHost,
  ok,
  type Random,
  redirectUriSchema,
  type Result,
  scopeSchema,
} from '@ath-protocol/types'
import { z } from 'zod'
import { type AgentClientOptions, readAgentClient } from '../agent-client/agent-client.ts'
import { hashSecret } from '../secret/hash.ts'
import { authMethods, type Client, grantTypes } from './client.ts'
import { readNames } from './form.ts'
import { type OAuthError, refuse } from './oauth-error.ts'

/** Client metadata that means something here (RFC 7591 §2); the rest is ignored, as it asks. */
const metadataSchema = z.object({
  redirect_uris: z
    .array(redirectUriSchema.refine(isReachable, 'http is for loopback only'))
    .min(1)
    .max(20),
  client_name: z.string().max(200).optional(),
  token_endpoint_auth_method: z.enum(authMethods).default('client_secret_basic'),
  grant_types: z
    .array(z.enum(grantTypes))
    .refine((types) => types.includes('authorization_code'), 'authorization_code is missing')
    .default(['authorization_code']),
  response_types: z.array(z.literal('code')).min(1).default(['code']),
  scope: z
    .string()
    .max(4096)
    .refine((text) => readNames(text).every((name) => scopeSchema.safeParse(name).success))
    .optional(),
})

/** A code over plain http could be read on its way. */
function isReachable(text: string): boolean {
  return !/^http:/i.test(text) || (URL.canParse(text) && isLoopbackHost(new URL(text).hostname))
}

export interface Registered {
  readonly client: Client
  /** What the client is told (RFC 7591 §3.2.1). */
  readonly answer: object
}

/** Registers a client that comes by itself (RFC 7591), agents among them (adoption level 2). */
export async function registerClient(
  body: unknown,
  options: AgentClientOptions & { readonly random: Random; readonly now: number },
): Promise<Result<Registered, OAuthError>> {
  const read = metadataSchema.safeParse(body)
  if (!read.success) {
    const { path, message } = read.error.issues[0] ?? { path: [], message: 'not an object' }
    return refuse(
      path[0] === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata',
      `${path.join('.') || 'the metadata'}: ${message}`,
    )
  }
  const agent = await readAgentClient(body, options)
  if (!agent.ok) return agent
  const metadata = read.data
  const clientId = `dev_${options.random.token(16)}`
  const method = metadata.token_endpoint_auth_method
  const secret = method === 'none' ? undefined : options.random.token(32)
  const mostScopes = narrowest(metadata.scope, agent.value?.capabilities)
  return ok({
    client: {
      clientId,
      ...(metadata.client_name === undefined ? {} : { name: metadata.client_name }),
      ...(secret === undefined ? {} : { secretHash: hashSecret(secret) }),
      authMethods: [method],
      redirectUris: metadata.redirect_uris,
      grantTypes: metadata.grant_types,
      ...(mostScopes ? { mostScopes } : {}),
      ...(agent.value ? { agent: agent.value } : {}),
      configured: false,
    },
    answer: {
      ...metadata,
      ...sentBack(body),
      client_id: clientId,
      client_id_issued_at: Math.floor(options.now),
      ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    },
  })
}

/** What the client named in `scope`, and as an agent; both, where it did both. */
function narrowest(
  scope: string | undefined,
  capabilities: readonly string[] | undefined,
): readonly string[] | undefined {
  if (scope === undefined) return capabilities
  const named = readNames(scope)
  return capabilities ? named.filter((name) => capabilities.includes(name)) : named
}

/** The members of agents were checked; a statement goes back as it came (RFC 7591 §3.2.1). */
const sentBack = (body: unknown): object =>
  Object.fromEntries(
    Object.entries(body as object).filter(([name]) =>
      ([...agentClientMembers, 'software_statement'] as readonly string[]).includes(name),
    ),
  )
