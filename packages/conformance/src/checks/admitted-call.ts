import { expectAdmitted } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Settings } from '../subject/settings.ts'
import type { Subject } from '../subject/subject.ts'
import type { Answer } from '../wire/http.ts'

/** Fails where the run's call was refused, and names it. Where the run named none, a refusal shows only that nothing is there. */
export async function expectCallAdmitted(
  subject: Subject,
  answer: Answer,
  sent: string,
): Promise<void> {
  const { status, json } = answer
  needCall(
    subject.settings,
    status === 404 || (status === 403 && json['code'] === 'SCOPE_NOT_APPROVED'),
  )
  const { pathname, search } = new URL(await subject.address())
  expectAdmitted(answer, `${sent}, ${subject.settings.call.method} ${pathname}${search}`)
}

/** Ends the check as skipped where the usual call opens nothing. */
export function needCall({ isCallGiven }: Settings, opensNothing: boolean): void {
  if (!isCallGiven && opensNothing)
    throw new Unavailable('needs a call that the scopes open: give --call "GET /path"')
}
