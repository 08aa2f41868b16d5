import { feishuButtons, slackButtons } from '@sallyport/testing/chats'
import { expectAll, type Step } from '../run/step.ts'
import { readRecords } from './audit-records.ts'
import { permissionOf } from './nine-step.ts'
import type { Stage } from './stage.ts'

/** How the question was answered: one record for each yes. */
const readAnswers = async (gateway: Stage['gateway'], reference: string) =>
  (await readRecords(gateway, 'event=consent_given')).filter(
    ({ consent_id }) => consent_id === reference,
  )

export const tappedInChat: Step<Stage> = {
  name: 'nine_step_chat_button',
  title: { en: 'low risk: one tap in Slack, twice', zh: '低风险：在 Slack 点按，重复点按' },
  expected: 'oa:read, decided once',
  async run({ nineStep, gateway, person, world, text }) {
    const { feishu, slack } = world.chats
    let tap = { message: '', action: 'approve', value: '' }
    let forged = 0
    let waiting = 0
    feishu.mode = 'down'
    const { session, reference } = await nineStep
      .ask(
        {
          agent: world.didAgents.office,
          scopes: ['oa:read'],
          context: '查看待办审批 look at open approvals',
          permission: permissionOf(nineStep, 'office'),
        },
        slack,
        async ({ ts, blocks }) => {
          const button = slackButtons(blocks).find(({ id }) => id === tap.action)
          tap = { ...tap, message: ts, value: button?.value ?? '' }
          forged = (await slack.press({ ...tap, signingSecret: 'somebody else’s' })).status
          waiting = (await nineStep.program.inbox()).requests.length
          await person.press(slack.origin, 'approve')
        },
      )
      .finally(() => {
        feishu.mode = 'up'
      })
    nineStep.sessions.set('reader', session)
    const second = await slack.press(tap)
    const given = await readAnswers(gateway, reference)
    return expectAll(
      `${session.scopesGranted.join(' ')}, decided ${given.length === 1 ? 'once' : `${given.length} times`}`,
      {
        'a forged tap is refused': forged === 401,
        'and decides nothing': waiting === 1,
        'the second tap is answered': second.status === 200,
        'it was decided once': given.length === 1,
        'it was decided in the chat': given[0]?.['auth_method'] === 'chat:slack',
        'Slack found nothing wrong with a call': slack.faults.length === 0,
      },
      [
        text({
          en: `Feishu was down, so Slack brought the question; a tap with a wrong signature: ${forged}`,
          zh: `飞书不可用，由 Slack 送达；签名错误的点按：${forged}`,
        }),
      ],
    )
  },
}

export const passkeyForRisk: Step<Stage> = {
  name: 'nine_step_passkey',
  title: { en: 'high risk: a passkey', zh: '高风险：通行密钥' },
  expected: 'oa:delegate by passkey',
  async run({ nineStep, gateway, person, world, text }) {
    const { feishu } = world.chats
    const agent = world.didAgents.office
    await person.add(
      `${gateway.url}/me/passkeys`,
      text({
        en: 'any passkey will do: of this device, a phone, a security key or a password manager',
        zh: '任何通行密钥都可以：本机、手机、安全密钥或密码管理器',
      }),
    )
    const permission = await nineStep.permit(agent, ['oa:delegate'])
    let presses = 0
    const { session, reference } = await nineStep.ask(
      {
        agent,
        scopes: ['oa:delegate'],
        context: '休假期间由李敏审批 Li Min decides while you are away',
        permission,
      },
      feishu,
      async ({ card }) => {
        presses = feishuButtons(card).filter(({ url }) => url === undefined).length
        await person.review(feishu.origin, { approve: true, tick: ['oa:delegate'] })
      },
    )
    const answer = await session.request('POST', '/oa/api/delegation', {
      body: new URLSearchParams({ to: 'li' }),
    })
    const given = await readAnswers(gateway, reference)
    const method = given.map(({ auth_method }) => auth_method).join(' ')
    return expectAll(
      `${session.scopesGranted.join(' ')} by ${method}`,
      {
        'the chat could not decide it': presses === 0,
        'it is granted': session.scopesGranted.join(' ') === 'oa:delegate',
        'by the passkey': method === 'passkey',
        'the OA did it': answer.status === 200 && world.oa.delegates.join(' ') === 'li',
      },
      [
        text({
          en: 'the card had a link only; the passkey signed exactly what stood on the page',
          zh: '卡片只有链接；通行密钥签署的正是页面所示内容',
        }),
      ],
    )
  },
}
