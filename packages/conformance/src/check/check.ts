import type { Subject } from '../subject/subject.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** One question to a server under test. */
export interface Check {
  readonly id: string
  ask(subject: Subject): Promise<Verdict>
}

/** Sends what it needs and gives one sentence on what it saw; throws `Unmet` or `Unavailable`. */
export type Look = (subject: Subject) => Promise<string>

/** Makes checks of what looks at the subject, by their ids. */
export const checks = (looks: Readonly<Record<string, Look>>): readonly Check[] =>
  Object.entries(looks).map(([id, look]) => ({
    id,
    ask: (subject) =>
      look(subject).then((because): Verdict => ({ outcome: 'passed', because }), verdictOf),
  }))
