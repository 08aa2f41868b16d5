import { readScopeRule } from '../proxy/scope-map.ts'
import type { AmountFields } from '../story/exchange.ts'
import { compileAmounts } from '../surfaces/http/amount-fields.ts'
import { AthSetupError } from './options.ts'

/** Reads `{ 'POST /api/orders': '/total' }`: which requests order something, and where they say what it costs (U13). */
export function readAmounts(fields: Readonly<Record<string, string>>): AmountFields | undefined {
  return compileAmounts(
    Object.entries(fields).map(([route, field]) => {
      const rule = readScopeRule('amount', route)
      if (typeof rule === 'string') throw new AthSetupError(`\`amounts\` has ${route}`, rule)
      if (!field.startsWith('/'))
        throw new AthSetupError(
          `the amount of ${route} is at ${field}`,
          'write a JSON pointer, like /total (RFC 6901)',
        )
      return { rule, field }
    }),
  )
}
