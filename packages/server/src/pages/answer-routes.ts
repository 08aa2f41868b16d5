import type { AthAnswer, AthCall } from '../wire/http.ts'
import { pageOf } from './own-path.ts'
import { renderProblem } from '@ath-protocol/types'

/** By path, then by method. */
export type Routes = Readonly<
  Record<string, Readonly<Record<string, (call: AthCall) => Promise<AthAnswer>>>>
>

/** Answers the calls to these paths; undefined for every other. */
export const answerRoutes =
  (routes: Routes) =>
  (call: AthCall): Promise<AthAnswer> | undefined => {
    const path = pageOf(call) ?? ''
    const methods = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (!methods) return undefined
    const route = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined
    return route ? route(call) : methodUnknown(Object.keys(methods))
  }

async function methodUnknown(allow: readonly string[]): Promise<AthAnswer> {
  const { status, headers, body } = renderProblem({ reason: 'method_unknown', allow })
  return { status, headers, body: JSON.stringify(body) }
}
