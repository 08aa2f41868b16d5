import assert from 'node:assert/strict'
import { createVisitor, type Visit } from '@sallyport/testing'

const signIn = (who: string) =>
  [
    ['person', who],
    ['decision', 'approve'],
  ] as const

/** Signs in at the development log-in, says yes on our page, and yes again at the log-in. Returns the last page. */
export async function approve(address: string, who = 'wang'): Promise<Visit> {
  const person = createVisitor('nowhere:')
  const question = await person.submit(await person.open(address), signIn(who))
  assert.equal(question.status, 200, question.html)
  const oauth = await person.submit(question, [
    ['lifetime', '3600'],
    ['decision', 'approve'],
  ])
  const end = await person.submit(oauth, signIn(who))
  assert.equal(end.status, 200, end.html)
  return end
}

/** Signs in and sees the question about one request. */
export async function openStepUp(address: string, who = 'wang') {
  const person = createVisitor('nowhere:')
  const question = await person.submit(await person.open(address), signIn(who))
  return {
    question,
    decide: (decision: 'approve' | 'deny') => person.submit(question, [['decision', decision]]),
  }
}
