import { expectAll, type Step } from '../run/step.ts'
import { sessionOf } from './nine-step.ts'
import { elsewhere, type PlainAnswer } from './nine-step-scene.ts'
import { describeRefusal, refusalOf, ruleOf, type Stage } from './stage.ts'

const says = ({ status, code, rule }: PlainAnswer) => `${status} ${code}: ${rule}`
const isRefused = (answer: PlainAnswer, reason: string) =>
  answer.status === 403 && answer.code === 'SCOPE_NOT_APPROVED' && answer.reason === reason

export const outsideTheOffice: Step<Stage> = {
  name: 'nine_step_outside',
  title: { en: 'another network, another scope', zh: '网络之外、权限之外' },
  expected: 'outside_network, scope_not_granted',
  async run({ nineStep, world }) {
    const session = sessionOf(nineStep, 'office')
    const before = world.oa.received.length
    const outside = await nineStep.call(session, 'GET', '/oa/api/approval/list', {
      from: elsewhere,
    })
    const unscoped = await nineStep.call(session, 'POST', '/oa/api/approval/A-2042/decision')
    return expectAll(
      `${outside.reason}, ${unscoped.reason}`,
      {
        'another network is refused': isRefused(outside, 'outside_network'),
        'another scope is refused': isRefused(unscoped, 'scope_not_granted'),
        'the OA heard of neither': world.oa.received.length === before,
      },
      [says(outside), says(unscoped)],
    )
  },
}

export const outsideTheHours: Step<Stage> = {
  name: 'nine_step_hours',
  title: { en: 'a night job asks at noon', zh: '夜间任务在中午' },
  expected: '403 SCOPE_NOT_APPROVED outside_hours',
  async run({ nineStep, person, world }) {
    const agent = world.didAgents.monthEnd
    const { feishu } = world.chats
    const permission = await nineStep.permit(agent, ['finance:read'])
    let granted = ''
    const refusal = await refusalOf(
      nineStep.ask(
        {
          agent,
          scopes: ['finance:read'],
          context: '月结 month-end closing',
          permission,
          onProgress: (event) => {
            if (event.step === 'granted') granted = event.result.scopes_granted.join(' ')
          },
        },
        feishu,
        () => person.review(feishu.origin, { approve: true }),
      ),
    )
    const { reason } = refusal.details
    return expectAll(
      `${describeRefusal(refusal)} ${String(reason)}`,
      {
        'wang allowed it': granted === 'finance:read',
        'at noon it gets no token': refusal.status === 403 && reason === 'outside_hours',
      },
      [`${describeRefusal(refusal)}: ${ruleOf(refusal)}`],
    )
  },
}
