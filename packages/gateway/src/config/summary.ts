import { distinctRestrictions, type Restrictions } from '@ath-protocol/types'
import { shortPaths } from '@ath-protocol/server/parts'
import type { GatewayConfig } from './config.ts'
import { writeDuration, writeRate, writeSize } from './quantity.ts'

/** What a configuration means: who reaches what, and which limits hold. */
export interface ConfigSummary {
  readonly file: string
  readonly mode: 'dev' | 'start'
  readonly url: string
  readonly listen: string
  readonly login: string
  /** The channels in which people are asked, in their order. */
  readonly confirm: readonly string[]
  readonly providers: readonly {
    readonly id: string
    readonly url: string
    readonly auth: string
    /** Where agents reach it. */
    readonly reached_at: readonly string[]
    /** What holds for every permission at it. */
    readonly restrictions: readonly string[]
    readonly scopes: readonly {
      readonly name: string
      readonly rules: readonly string[]
      /** Rules that give it without an operator. */
      readonly given_by: readonly string[]
    }[]
  }[]
  readonly agents: readonly {
    readonly rule: string
    readonly match: string
    readonly decide: string
    readonly allow: readonly string[]
    readonly lifetime: string
    readonly restrictions: readonly string[]
  }[]
  readonly unmatched_agents: 'hold' | 'deny'
  readonly settings: Readonly<Record<string, string>>
  readonly dev_defaults: readonly string[]
}

export function summarize(config: GatewayConfig): ConfigSummary {
  const { ath, listen } = config
  const short = shortPaths(config.providers.keys())
  return {
    file: config.file ?? 'no file',
    mode: config.mode,
    url: ath.baseUrl,
    listen: `${listen.host}:${listen.port}${listen.tls ? ' (TLS)' : ''}`,
    login: config.login.kind === 'oidc' ? config.login.issuer : `nobody (${config.login.user})`,
    confirm: config.confirm.channels.map(({ kind, name }) =>
      kind === name ? kind : `${name} (${kind})`,
    ),
    providers: [...config.providers.values()].map((provider) => ({
      id: provider.id,
      url: provider.url.href,
      auth: provider.auth.kind,
      reached_at: [
        ...(short.has(provider.id) ? [`/${provider.id}/`] : []),
        `/ath/proxy/${provider.id}/`,
      ],
      restrictions: writeRestrictions([
        ath.restrictions,
        ath.providers.get(provider.id)?.restrictions,
      ]),
      scopes: (ath.providers.get(provider.id)?.scopes ?? []).map(({ name }) => ({
        name,
        rules: provider.scopeRules
          .filter(({ scope }) => scope === name)
          .map(({ method, pattern }) => `${method} ${pattern}`),
        given_by: ath.approvalRules
          .filter(({ decide, allow }) => decide === 'approve' && allow[provider.id]?.includes(name))
          .map((rule) => rule.name),
      })),
    })),
    agents: ath.approvalRules.map((rule) => ({
      rule: rule.name,
      match: Object.entries(rule.match)
        .map(([key, value]) => (key === 'agent' ? value : `${key} ${value}`))
        .join(' and '),
      decide: rule.decide,
      allow: Object.entries(rule.allow).flatMap(([provider, scopes]) =>
        scopes.map((scope) => `${provider}/${scope}`),
      ),
      lifetime: writeDuration(rule.lifetimeSeconds ?? ath.approvalLifetimeSeconds),
      restrictions: writeRestrictions([rule.restrictions]),
    })),
    unmatched_agents: ath.unmatchedAgents,
    settings: {
      token_lifetime: writeDuration(ath.tokenLifetimeSeconds),
      grant_lifetime: writeDuration(ath.grantLifetimeSeconds),
      approval_lifetime: writeDuration(ath.approvalLifetimeSeconds),
      passkey_from: ath.passkeyFrom ?? 'high',
      nine_step: ath.nineStep
        ? `encryption ${ath.nineStep.encryption}, confirmation ${ath.nineStep.confirmation}, sessions up to ${writeDuration(ath.nineStep.sessionLifetimeSeconds)}`
        : 'off',
      audit: `${config.audit.durability}, segments of ${writeSize(config.audit.segmentBytes)}`,
      data_dir: config.dataDir,
      ...Object.fromEntries(
        [...config.limits].map(([name, rate]) => [`limit ${name}`, writeRate(rate)]),
      ),
    },
    dev_defaults: config.devDefaults,
  }
}

/** `ip_whitelist 10.0.0.0/8`, one text for each restriction. */
export function writeRestrictions(lists: readonly (Restrictions | undefined)[]): readonly string[] {
  return distinctRestrictions(lists).flatMap((one) =>
    Object.entries(one).map(([name, value]) => `${name} ${String(value).replaceAll(',', ', ')}`),
  )
}

/** The summary for people. */
export function writeSummary(summary: ConfigSummary): string {
  const lines = [
    `${summary.file}: good for sallyport ${summary.mode}`,
    '',
    `gateway   ${summary.url}, listening on ${summary.listen}`,
    `log-in    ${summary.login}`,
    `asks by   ${summary.confirm.length > 0 ? `${summary.confirm.join(', then ')}, and ${summary.url}/me` : `no channel: people must look at ${summary.url}/me or athx inbox`}`,
    '',
    'what can be reached, by which scope, and who gets it without an operator',
  ]
  if (summary.providers.length === 0) lines.push('  nothing: there is no provider')
  for (const provider of summary.providers) {
    lines.push(`  ${provider.id}  ${provider.url}  auth ${provider.auth}`)
    if (provider.reached_at.length === 1)
      lines.push(
        `    reached only at ${provider.reached_at[0]}: /${provider.id} is the gateway’s own address`,
      )
    if (provider.restrictions.length > 0) lines.push(`    only ${provider.restrictions.join(', ')}`)
    for (const { name, rules, given_by: givenBy } of provider.scopes)
      lines.push(
        `    ${name}  ${rules.join(', ')}  ← ${givenBy.length > 0 ? givenBy.join(', ') : 'nobody'}`,
      )
  }
  lines.push('', 'which agents')
  for (const { rule, match, decide, allow, lifetime, restrictions } of summary.agents) {
    const only = restrictions.length > 0 ? `, only ${restrictions.join(', ')}` : ''
    lines.push(
      decide === 'approve'
        ? `  ${rule}  ${match}  gets ${allow.join(', ')} for ${lifetime}${only}`
        : `  ${rule}  ${match}  ${decide}`,
    )
  }
  lines.push(
    summary.unmatched_agents === 'hold'
      ? '  all others wait for an operator: sallyport agents list --status pending'
      : '  all others are denied',
  )
  lines.push('', 'settings')
  for (const [name, value] of Object.entries(summary.settings)) lines.push(`  ${name}  ${value}`)
  if (summary.dev_defaults.length > 0) {
    lines.push('', 'dev permits, and start refuses')
    for (const sentence of summary.dev_defaults) lines.push(`  ${sentence}`)
  }
  return `${lines.join('\n')}\n`
}
