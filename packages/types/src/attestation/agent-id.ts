import { fail, ok, type Result } from '../result.ts'
import type { AttestationFault } from './fault.ts'

/**
 * Checks the form of an agent_id (R17): an absolute https URL without credentials, query or fragment that is written
 * as URL parsers write it, so that two spellings are never two agents. With `allowLoopbackHttp` (development only)
 * `http` is taken for loopback hosts. Whether the host may be contacted is the outbound guard's question, not this one's.
 */
export function checkAgentId(
  agentId: string,
  options: { readonly allowLoopbackHttp: boolean },
): Result<URL, AttestationFault> {
  const bad = (evidence: string) =>
    fail<AttestationFault>({ kind: 'agent_id_invalid', claim: 'sub', evidence })
  if (!URL.canParse(agentId) || agentId.length > 2048) return bad('not an absolute URL')
  const url = new URL(agentId)
  if (url.href !== agentId) return bad('not in canonical form')
  if (url.hostname.endsWith('.')) return bad('host ends in a dot')
  if (url.username || url.password) return bad('has credentials')
  if (url.search || url.hash || agentId.includes('?') || agentId.includes('#'))
    return bad('has query or fragment')
  if (!url.pathname.endsWith('/.well-known/agent.json'))
    return bad('path does not end in /.well-known/agent.json')
  if (ambiguous.test(url.pathname)) return bad('path can be read in two ways')
  if (url.protocol === 'https:') return ok(url)
  if (url.protocol === 'http:' && options.allowLoopbackHttp && isLoopbackHost(url.hostname))
    return ok(url)
  return bad('not https')
}

/**
 * What some servers decode or cut before they look for a file: `/team/..%2fother/` begins as one team's path and is
 * served from another's, which would pass a rule made for the first.
 */
const ambiguous = /\/\/|;|%(?:2[ef]|5c|3b|25|[01][0-9a-f]|7f)/i

export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
