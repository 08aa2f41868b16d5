import { agentClientMembers, readAgentClientMetadata } from '@ath-protocol/types'
import {
  type AgentClient,
  type AgentClientFault,
  type AgentClientOptions,
  malformed,
  readAgentClient,
  saidOf,
} from './agent-client.ts'

type ErrorType = new (description: string) => Error

export interface OidcProviderAgentsOptions extends AgentClientOptions {
  /** The library's own `errors`, which it answers registrations with. */
  readonly errors: {
    readonly InvalidClientMetadata: ErrorType
    readonly InvalidSoftwareStatement: ErrorType
    readonly TemporarilyUnavailable: ErrorType
  }
}

type Metadata = Record<string, unknown>

/** What oidc-provider needs in order to accept agents, for two places of its configuration. */
export interface OidcProviderAgents {
  /** `extraClientMetadata` */
  readonly extraClientMetadata: {
    readonly properties: readonly string[]
    readonly validator: (
      context: object | undefined,
      property: string,
      value: unknown,
      metadata: Metadata,
    ) => void
  }
  /** To be spread into `features.registration`. */
  readonly registration: {
    readonly issueRegistrationAccessToken: (context: RegistrationContext) => Promise<boolean>
  }
  /** The agent that a client is, from `client.metadata()`; undefined when it is none. */
  readonly agentOf: (metadata: Metadata | undefined) => AgentClient | undefined
}

interface RegistrationContext {
  readonly oidc: { readonly body?: unknown }
}

/** Kept with the client, so that the consent page knows it later. Only we write them, whatever a client sends. */
const provenMember = 'ath_agent_proven'
const nameMember = 'ath_agent_name'

/**
 * Teaches oidc-provider the members of agents (adoption level 2). Its validator of metadata is synchronous, so
 * attestations are verified in the last asynchronous step before: where it asks whether to issue a registration access
 * token. A client that was not registered through there is unproven.
 */
export function createOidcProviderAgents(options: OidcProviderAgentsOptions): OidcProviderAgents {
  const proven = new WeakMap<object, AgentClient>()
  const allowLoopbackHttp = options.allowLoopbackHttp ?? false
  return {
    extraClientMetadata: {
      properties: [...agentClientMembers, 'software_statement', provenMember, nameMember],
      validator(context, property, _value, metadata) {
        if (property !== agentClientMembers[0]) return
        const read = readAgentClientMetadata(metadata, { allowLoopbackHttp })
        if (!read.ok) throw errorOf(options.errors, malformed(read.error))
        // Without a context the client comes from the configuration or the store: what is noted there is ours.
        if (!context) return
        delete metadata[provenMember]
        delete metadata[nameMember]
        const agent = proven.get(context)
        if (agent?.agentId !== read.value?.ath_agent_id || !agent) return
        metadata[provenMember] = true
        metadata[nameMember] = agent.name
      },
    },
    registration: {
      async issueRegistrationAccessToken(context) {
        const agent = await readAgentClient(context.oidc.body, options)
        if (!agent.ok) throw errorOf(options.errors, agent.error)
        if (agent.value?.proven) proven.set(context, agent.value)
        return true
      },
    },
    agentOf(metadata) {
      const read = readAgentClientMetadata(metadata ?? {}, { allowLoopbackHttp })
      if (!read.ok || !read.value) return undefined
      const name = read.value[nameMember]
      return read.value[provenMember] === true && typeof name === 'string'
        ? { ...saidOf(read.value), proven: true, name }
        : saidOf(read.value)
    },
  }
}

function errorOf(
  errors: OidcProviderAgentsOptions['errors'],
  { error, description }: AgentClientFault,
): Error {
  switch (error) {
    case 'invalid_client_metadata':
      return new errors.InvalidClientMetadata(description)
    case 'invalid_software_statement':
      return new errors.InvalidSoftwareStatement(description)
    case 'temporarily_unavailable':
      return new errors.TemporarilyUnavailable(description)
  }
}
