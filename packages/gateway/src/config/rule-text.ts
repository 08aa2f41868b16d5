import { METHODS } from 'node:http'
import { readScopeRule } from '@ath-protocol/server'
import type { z } from 'zod'
import { say } from './fields.ts'
import { nearest } from '@ath-protocol/server/parts'

/** Checks one rule of a scope (R95) where it stands in the file. */
export function refineRuleText(text: string, context: z.core.$RefinementCtx<string>): void {
  const report = (message: string) =>
    context.issues.push({ code: 'custom', message, input: context.value })
  const rule = readScopeRule('', text)
  if (typeof rule === 'string') {
    report(say('is not a rule', likelyRule(text) ?? rule))
    return
  }
  if (rule.method === '*' || METHODS.includes(rule.method)) return
  const near = /^(ANY|ALL)$/.test(rule.method) ? '*' : nearest(rule.method, METHODS)
  report(
    say(
      'names a method that no HTTP server knows',
      near === undefined ? 'like GET, POST, PUT, DELETE or `*`' : `did you mean "${near}"?`,
    ),
  )
}

/** What was likely meant: the parts are there, but swapped, joined or in the wrong case. */
function likelyRule(text: string): string | undefined {
  const words = text.trim().split(/[\s:,]+/)
  const path = words.find((word) => word.startsWith('/'))
  const method = words.find((word) => word !== path)?.toUpperCase()
  if (path === undefined || words.length > 2) return undefined
  const guess = `${method ?? 'GET'} ${path}`
  return typeof readScopeRule('', guess) === 'string' ? undefined : `did you mean "${guess}"?`
}
