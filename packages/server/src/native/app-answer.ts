import { type Failure, renderProblem } from '@ath-protocol/types'
import { jsonAnswer } from '../wire/answer.ts'
import type { AthAnswer } from '../wire/http.ts'
import { securityHeaders } from '../wire/security-headers.ts'
import type { AppAnswer } from './app-request.ts'
import type { NativeSettings } from './settings.ts'

export function refusal(failure: Failure, recordId?: string): AppAnswer {
  const { status, headers, body } = renderProblem(failure, recordId)
  return toAppAnswer(jsonAnswer(status, body, headers), undefined)
}

export function toAppAnswer(answer: AthAnswer, settings: NativeSettings | undefined): AppAnswer {
  const secure = settings?.config.baseUrl.startsWith('https:') === true
  const headers = new Map<string, string | readonly string[]>(Object.entries(securityHeaders))
  if (secure) headers.set('strict-transport-security', 'max-age=31536000')
  for (const [name, value] of Object.entries(answer.headers)) headers.set(name.toLowerCase(), value)
  const list: string[] = []
  for (const [name, value] of headers)
    for (const one of typeof value === 'string' ? [value] : value) list.push(name, one)
  return { status: answer.status, headers: list, body: answer.body }
}
