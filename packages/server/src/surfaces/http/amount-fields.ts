import { compileScopeMap, type ScopeRule } from '../../proxy/scope-map.ts'
import type { AmountFields } from '../../story/exchange.ts'

/** Requests of one method and path that order something, and the JSON pointer (RFC 6901) of what it costs. */
export interface AmountRule {
  readonly rule: ScopeRule
  readonly field: string
}

const noScope: ReadonlySet<string> = new Set()

/** Matched as servers read paths: neither `/orders/` nor `/orders.json` may be an order that nobody looks at. */
export function compileAmounts(amounts: readonly AmountRule[]): AmountFields | undefined {
  if (amounts.length === 0) return undefined
  const fields = compileScopeMap(
    amounts.map(({ rule, field }) => ({
      scope: field,
      method: rule.method,
      pattern: withoutFormat(rule.pattern),
    })),
  )
  return {
    fieldsOf(method, path) {
      const verdict = fields.admit(method, withoutFormat(path), noScope)
      return verdict.allowed ? [] : verdict.anyOf
    },
  }
}

/** Some servers take what looks like the extension of a file as the form of the answer. */
const withoutFormat = (path: string): string =>
  asServersReadIt(path).replace(/([^/])\.(?:json|xml|html?|csv|txt|ya?ml|js|pdf|rss|atom)$/, '$1')

/** Many servers see neither case nor what trails. */
export function asServersReadIt(path: string): string {
  return path.toLowerCase().replace(/(?:[/.]|%20)+$/, '')
}
