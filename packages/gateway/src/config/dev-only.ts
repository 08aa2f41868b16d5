import { isLoopbackHost } from '@ath-protocol/types'
import { channelSettings } from './channel-schema.ts'
import { ruleName } from './cross-check.ts'
import type { Finding, PathPart } from './problem.ts'
import type { ConfigFile } from './schema.ts'

/** A setting that is fine for trying things out and nowhere else. */
export interface DevOnly {
  readonly path: readonly PathPart[]
  /** For the banner of `dev`: what is permitted here. */
  readonly sentence: string
  /** For `start`: why it refuses. */
  readonly problem: string
  readonly fix: string
}

/** All that `sallyport dev` lists and `sallyport start` refuses: one list, so that they never differ. */
export function devOnlySettings(file: ConfigFile): readonly DevOnly[] {
  return [
    ...gatewaySettings(file),
    ...loginSettings(file),
    ...agentSettings(file),
    ...providerSettings(file),
    ...channelSettings(file.confirm),
  ]
}

export function isLoopbackAddress(host: string): boolean {
  return host === '::1' || isLoopbackHost(host)
}

function gatewaySettings({ gateway }: ConfigFile): readonly DevOnly[] {
  const settings: DevOnly[] = []
  const { url, listen, compat } = gateway
  if (url === undefined)
    settings.push({
      path: ['gateway', 'url'],
      sentence: 'the public URL is made from the port that it listens on',
      problem: 'is missing: agents must know the gateway by one URL',
      fix: 'write gateway: { url: https://gw.corp.example }',
    })
  else if (new URL(url).protocol !== 'https:')
    settings.push({
      path: ['gateway', 'url'],
      sentence: 'the public URL is plain http',
      problem: 'is plain http: tokens would travel in clear (R114)',
      fix: 'write an https URL',
    })
  for (const [at, alias] of gateway.aliases.entries())
    if (new URL(alias).protocol !== 'https:')
      settings.push({
        path: ['gateway', 'aliases', at],
        sentence: `the alias ${alias} is plain http`,
        problem: 'is plain http (R114)',
        fix: 'write an https URL, or remove it',
      })
  const endsTls = listen.tls !== undefined || listen.trusted_proxies.length > 0
  if (!isLoopbackAddress(listen.host) && !endsTls)
    settings.push({
      path: ['gateway', 'listen', 'host'],
      sentence: `it listens on ${listen.host} without TLS: others in the network can reach it`,
      problem: 'is not loopback, and nothing here ends TLS (R114)',
      fix: 'add listen.tls, name the TLS proxy in listen.trusted_proxies, or listen on 127.0.0.1',
    })
  if (!compat.browser_binding)
    settings.push({
      path: ['gateway', 'compat', 'browser_binding'],
      sentence: 'a handshake is not bound to one browser',
      problem: 'is off: another person’s browser could finish a handshake (R64)',
      fix: 'remove it',
    })
  return settings
}

function loginSettings({ login }: ConfigFile): readonly DevOnly[] {
  if (login === undefined || 'dev_user' in login) {
    const user = login?.dev_user ?? defaultDevUser
    const path = login === undefined ? ['login'] : ['login', 'dev_user']
    return [
      {
        path,
        sentence: `nobody signs in: whoever opens a page is the user \`${user}\``,
        problem: login === undefined ? 'is missing: people must sign in' : 'signs in nobody',
        fix: 'write login: { issuer, client_id, client_secret } of your OpenID Connect provider',
      },
    ]
  }
  return plainHttp(['login', 'issuer'], login.issuer, 'the log-in’s issuer')
}

export const defaultDevUser = 'dev'

function agentSettings({ agents }: ConfigFile): readonly DevOnly[] {
  return agents.flatMap((agent, index): readonly DevOnly[] => {
    const path = ['agents', index, 'agent']
    const approves = agent.allow !== undefined
    if (agent.agent === '*' && agent.domain === undefined && approves)
      return [
        {
          path,
          sentence: `any agent at all is approved (${ruleName(agent, index)})`,
          problem: 'approves any agent at all',
          fix: 'name the agents: https://agents.corp.example/*, or domain: *.corp.example',
        },
      ]
    if (agent.agent?.startsWith('http:') === true && approves)
      return [
        {
          path,
          sentence: `agents at ${agent.agent} use plain http`,
          problem: 'is plain http, which no agent id is (R17)',
          fix: 'write https',
        },
      ]
    return []
  })
}

function providerSettings({ providers }: ConfigFile): readonly DevOnly[] {
  return Object.entries(providers).flatMap(([id, { auth }]): readonly DevOnly[] => {
    const path = ['providers', id, 'auth']
    if (auth.kind === 'mock_oauth2')
      return [
        {
          path: [...path, 'kind'],
          sentence: `provider ${id} asks a mock that always agrees`,
          problem: 'is a mock that always agrees',
          fix: 'use oauth2, or none to let the gateway’s own page ask',
        },
      ]
    if (auth.kind !== 'oauth2') return []
    return (
      [
        'issuer',
        'authorization_endpoint',
        'token_endpoint',
        'revocation_endpoint',
        'userinfo_endpoint',
      ] as const
    ).flatMap((key) => plainHttp([...path, key], auth[key], `${key} of provider ${id}`))
  })
}

function plainHttp(
  path: readonly PathPart[],
  url: string | undefined,
  what: string,
): readonly DevOnly[] {
  if (url === undefined || new URL(url).protocol === 'https:') return []
  const problem = 'is plain http: secrets would travel in clear'
  return [{ path, sentence: `${what} is plain http`, problem, fix: 'write an https URL' }]
}

/** The same settings as what `start` refuses. */
export const asRefusals = (settings: readonly DevOnly[]): readonly Finding[] =>
  settings.map(({ path, problem, fix }) => ({
    path,
    problem: `${problem}; \`start\` refuses it`,
    fix,
  }))
