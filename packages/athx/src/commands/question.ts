import type { Question } from '@ath-protocol/client/person'
import { limitsLine } from '../output/limits.ts'
import { duration, lasting } from '../output/shown.ts'
import { UsageError } from '../usage-error.ts'

/** What the text names that an answer signs: the person sees what they sign, not what stands beside it. */
interface SignedQuestion {
  readonly request_id: string
  readonly client_did: string
  readonly client_info: { readonly name: string; readonly developer: string }
  readonly requested_scopes: readonly string[]
}

function readSigned({ id, message }: Question): SignedQuestion {
  const read = JSON.parse(message) as SignedQuestion
  if (read.request_id === id && Array.isArray(read.requested_scopes)) return read
  throw new UsageError(
    'the gateway shows another question than it wants signed',
    'do not answer it; tell the gateway’s operator',
  )
}

export const scopesAsked = (question: Question): readonly string[] =>
  readSigned(question).requested_scopes

export function describeQuestion(question: Question, now: number): string {
  const { client_info, client_did, requested_scopes } = readSigned(question)
  const { reference, words, needs, page, longest_seconds, expires_at } = question
  const known = new Map(question.scopes.map((one) => [one.scope, one]))
  const scopeLine = (scope: string) =>
    [scope, known.get(scope)?.description, `(${known.get(scope)?.risk ?? 'unknown'} risk)`]
      .filter((part) => part !== undefined)
      .join('  ')
  const limits = limitsLine(question.restrictions)
  return [
    `${reference}  ${client_info.name} of ${client_info.developer}  ${duration(expires_at - now)} to answer`,
    `  agent   ${client_did}`,
    ...requested_scopes.map(
      (scope, n) => `  ${n === 0 ? 'asks  ' : '      '}  ${scopeLine(scope)}`,
    ),
    `  for     ${lasting(longest_seconds)}`,
    ...(words ? [`  words   “${words.replaceAll('\n', ' ')}”`] : []),
    ...(limits === '' ? [] : [`  limits  ${limits}`]),
    needs === undefined
      ? `  answer  athx inbox approve ${reference}   athx inbox deny ${reference}`
      : `  answer  ${needs === 'passkey' ? 'with your passkey' : 'on its page'}: ${page}`,
  ].join('\n')
}
