import { checkAgentId, parseDid } from '@ath-protocol/types'
import type { z } from 'zod'
import { say } from './fields.ts'

interface AgentFields {
  readonly agent?: string | undefined
  readonly domain?: string | undefined
  readonly developer?: string | undefined
  readonly decide?: 'approve' | 'hold' | 'deny' | undefined
  readonly allow?: object | undefined
  readonly restrictions?: object | undefined
}

/** Checks one entry of `agents` in itself: whom it means, and what it decides. */
export function refineAgent(entry: AgentFields, context: z.core.$RefinementCtx): void {
  const report = (path: string[], problem: string, fix: string) =>
    context.issues.push({ code: 'custom', path, message: say(problem, fix), input: undefined })
  if (entry.agent === undefined && entry.domain === undefined) {
    if (entry.developer === undefined)
      report([], 'matches no agent', 'add agent: (an id, or a beginning with `*`) or domain:')
    else if (entry.decide !== 'hold' && entry.decide !== 'deny')
      report(
        ['developer'],
        'is only what the agent says about itself',
        'add agent: or domain:, which are proven',
      )
  }
  if (entry.agent !== undefined) {
    const fault = agentPatternFault(entry.agent)
    if (fault) report(['agent'], fault.problem, fault.fix)
  }
  if (entry.decide === undefined && entry.allow === undefined)
    report([], 'decides nothing', 'add allow: { provider: [scope] }, or decide: hold or deny')
  if (entry.decide === 'approve' && entry.allow === undefined)
    report(['decide'], 'approves nothing', 'add allow: { provider: [scope] }')
  if (entry.decide !== 'hold' && entry.decide !== 'deny') return
  for (const key of ['allow', 'restrictions'] as const)
    if (entry[key] !== undefined)
      report([key], `has no effect under decide: ${entry.decide}`, 'remove one of the two')
}

/**
 * A beginning must hold the whole host and its slash: `https://corp.example*` would also match
 * `https://corp.example.attacker.test/`. A lone `*` is any agent; only `dev` approves on it.
 */
function agentPatternFault(
  pattern: string,
): { readonly problem: string; readonly fix: string } | undefined {
  if (pattern === '*') return undefined
  if (pattern.startsWith('did:')) return didPatternFault(pattern)
  if (pattern.slice(0, -1).includes('*'))
    return {
      problem: 'has a `*` before its end',
      fix: 'put `*` last, or use domain: *.corp.example',
    }
  if (pattern.endsWith('*')) {
    const beginning = pattern.slice(0, -1)
    if (!/^https?:\/\/[^/@?#\\]+\//.test(beginning) || !URL.canParse(beginning))
      return {
        problem: 'does not name a whole host',
        fix: 'write scheme, host and slash: https://agents.corp.example/*',
      }
    return new URL(beginning).href === beginning
      ? undefined
      : { problem: 'is not in canonical form', fix: `write ${new URL(beginning).href}*` }
  }
  const id = checkAgentId(pattern, { allowLoopbackHttp: true })
  if (id.ok) return undefined
  return {
    problem: `is not an agent id: ${id.error.evidence ?? 'malformed'}`,
    fix: 'write the URL of its agent.json: https://host/.well-known/agent.json',
  }
}

/** A key's DID is one agent; of `did:web` a whole host, with the colon that ends its name. */
function didPatternFault(
  pattern: string,
): { readonly problem: string; readonly fix: string } | undefined {
  if (!pattern.endsWith('*'))
    return parseDid(pattern).ok
      ? undefined
      : {
          problem: 'is not a DID that agents come with',
          fix: 'write did:ath:…, did:key:z… or did:web:host',
        }
  const host = /^(did:web:[^:*]+):\*$/.exec(pattern)?.[1]
  return host !== undefined && parseDid(host).ok
    ? undefined
    : { problem: 'does not name a whole host', fix: 'write did:web:agents.corp.example:*' }
}
