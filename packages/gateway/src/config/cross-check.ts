import { checkChannels } from './channel-schema.ts'
import { checkLimits } from './cross-check-limits.ts'
import { suggest } from '@ath-protocol/server/parts'
import type { Finding, PathPart } from './problem.ts'
import type { AgentEntry, ConfigFile, ProviderEntry } from './schema.ts'

/** What only shows when the parts of the file are held against each other. */
export function crossCheck(file: ConfigFile): readonly Finding[] {
  return [
    ...file.agents.flatMap((agent, index) => checkAllowed(agent, index, file.providers)),
    ...checkNames(file.agents),
    ...checkShadowed(file.agents),
    ...checkProviderIds(Object.keys(file.providers)),
    ...Object.entries(file.providers).flatMap(([id, provider]) => checkProvider(id, provider)),
    ...checkOwnUrls(file),
    ...checkLimits(file),
    ...checkChannels(file.confirm),
  ]
}

function checkAllowed(
  agent: AgentEntry,
  index: number,
  providers: ConfigFile['providers'],
): readonly Finding[] {
  const findings: Finding[] = []
  for (const [providerId, scopes] of Object.entries(agent.allow ?? {})) {
    const path = ['agents', index, 'allow', providerId]
    const provider = Object.hasOwn(providers, providerId) ? providers[providerId] : undefined
    if (!provider) {
      const fix = suggest(providerId, Object.keys(providers))
      findings.push({ path, atKey: true, problem: 'is not a provider of this file', fix })
      continue
    }
    const known = Object.keys(provider.scopes)
    for (const [at, scope] of scopes.entries())
      if (!known.includes(scope))
        findings.push({
          path: [...path, at],
          problem: `provider ${providerId} has no scope \`${scope}\``,
          fix: suggest(scope, known),
        })
  }
  return findings
}

function checkNames(agents: readonly AgentEntry[]): readonly Finding[] {
  const seen = new Map<string, number>()
  return agents.flatMap((agent, index): Finding[] => {
    const name = ruleName(agent, index)
    const first = seen.get(name)
    seen.set(name, first ?? index)
    if (first === undefined) return []
    const path = agent.name === undefined ? ['agents', index] : ['agents', index, 'name']
    return [{ path, problem: `agents[${first}] has the same name \`${name}\``, fix: 'rename one' }]
  })
}

/** The rule's name in audit records and refusals. */
export function ruleName(agent: AgentEntry, index: number): string {
  return agent.name ?? `rule-${index + 1}`
}

/** The first rule that matches decides, so a second one for the same agents is never asked. */
function checkShadowed(agents: readonly AgentEntry[]): readonly Finding[] {
  const seen = new Map<string, number>()
  return agents.flatMap((agent, index): Finding[] => {
    const matcher = JSON.stringify([agent.agent, agent.domain, agent.developer])
    const first = seen.get(matcher)
    seen.set(matcher, first ?? index)
    if (first === undefined) return []
    const problem = `is never reached: agents[${first}] matches the same agents first`
    return [{ path: ['agents', index], problem, fix: 'join the two' }]
  })
}

function checkProviderIds(ids: readonly string[]): readonly Finding[] {
  return ids.flatMap((id, index): Finding[] => {
    const twin = ids.slice(0, index).find((other) => other.toLowerCase() === id.toLowerCase())
    if (twin === undefined) return []
    const problem = `differs from provider ${twin} only in its capitals`
    return [{ path: ['providers', id], atKey: true, problem, fix: 'rename one' }]
  })
}

function checkProvider(id: string, provider: ProviderEntry): readonly Finding[] {
  const findings: Finding[] = []
  const hasOAuth = provider.auth.kind === 'oauth2' || provider.auth.kind === 'mock_oauth2'
  if (Object.keys(provider.scopes).length === 0)
    findings.push({
      path: ['providers', id, 'scopes'],
      problem: 'has no scope, so nothing of it is reachable',
      fix: `write a scope and its rules: ${id}:read: [GET /api/**]`,
    })
  if (provider.consent_page === false && !hasOAuth)
    findings.push({
      path: ['providers', id, 'consent_page'],
      problem: `nobody would ask the user: auth ${provider.auth.kind} has no page of its own`,
      fix: 'remove it',
    })
  for (const [scope, entry] of Object.entries(provider.scopes))
    if (!Array.isArray(entry) && 'upstream' in entry && entry.upstream && !hasOAuth)
      findings.push({
        path: ['providers', id, 'scopes', scope, 'upstream'],
        problem: `auth ${provider.auth.kind} has no scopes of its own`,
        fix: 'remove it',
      })
  return findings
}

/** Pages and cookies of the gateway belong to a whole origin (`__Host-` cookies), so its URLs have no path. */
function checkOwnUrls(file: ConfigFile): readonly Finding[] {
  const urls: [PathPart[], string][] = [
    ...(file.gateway.url === undefined ? [] : [[['gateway', 'url'], file.gateway.url] as never]),
    ...file.gateway.aliases.map((url, at): [PathPart[], string] => [
      ['gateway', 'aliases', at],
      url,
    ]),
  ]
  return urls
    .filter(([, url]) => new URL(url).pathname !== '/')
    .map(([path, url]) => ({
      path,
      problem: 'has a path',
      fix: `give the gateway a host of its own: ${new URL(url).origin}`,
    }))
}
