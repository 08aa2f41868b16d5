import { resumeHandshake } from '@ath-protocol/client/nine-step'
import { encryptedMediaType } from '@ath-protocol/types'
import { expectAll, type Step } from '../run/step.ts'
import { createKeyPair } from '../world/did-agent.ts'
import { permissionOf, sessionOf } from './nine-step.ts'
import { describeRefusal, refusalOf, type Stage } from './stage.ts'

const list = '/oa/api/approval/list'

export const encryptedSession: Step<Stage> = {
  name: 'nine_step_encrypted',
  title: { en: 'encrypted end to end, then replayed', zh: '端到端加密，再重放' },
  expected: '200; replayed: 409 message_replayed',
  async run({ nineStep, person, world, text }) {
    const { feishu } = world.chats
    const { session } = await nineStep.ask(
      {
        agent: world.didAgents.office,
        scopes: ['oa:read'],
        context: '查看待办审批 look at open approvals, unseen by others',
        permission: permissionOf(nineStep, 'office'),
        encrypted: true,
      },
      feishu,
      () => person.press(feishu.origin, 'approve'),
    )
    nineStep.sessions.set('encrypted', session)
    const answer = await session.request('GET', list)
    const body = await answer.text()
    const before = world.oa.received.length
    const { sent, status, reason } = await nineStep.replay()
    return expectAll(
      `${answer.status}; replayed: ${status} ${reason}`,
      {
        'the answer is the OA’s': body === world.oa.lastAnswer().toString(),
        'nothing of it could be read on the way': sent !== '' && !sent.includes('page'),
        'Feishu found nothing wrong with a call': feishu.faults.length === 0,
        'the OA heard of it once': world.oa.received.length === before,
      },
      [
        text({
          en: `${sent.length} bytes of ${encryptedMediaType}; each number is taken once`,
          zh: `${sent.length} 字节 ${encryptedMediaType}；每个序号只收一次`,
        }),
      ],
    )
  },
}

export const renewedByKey: Step<Stage> = {
  name: 'nine_step_renewal',
  title: { en: 'kill -9, then a fresh token', zh: '强制结束后续期令牌' },
  expected: 'renewed by its key alone',
  async run({ nineStep, gateway, secrets, text }) {
    const session = sessionOf(nineStep, 'office')
    const before = session.accessToken
    const kept = session.stored()
    await gateway.kill()
    await gateway.start()
    const thief = await resumeHandshake(kept, {
      key: await createKeyPair(),
      fetch: nineStep.officeFetch,
    })
    const stolen = await refusalOf(thief.refresh())
    await session.refresh()
    secrets.add(session.accessToken)
    const answer = await session.request('GET', list)
    await answer.body?.cancel()
    const renewed = session.accessToken !== before
    return expectAll(
      renewed ? 'renewed by its key alone' : 'not renewed',
      {
        'the token is another one': renewed,
        'the session outlived the gateway': answer.status === 200,
        'another key gets none': stolen.status === 401,
      },
      [
        text({
          en: `the same session with another key: ${describeRefusal(stolen)}`,
          zh: `同一会话、另一把密钥：${describeRefusal(stolen)}`,
        }),
      ],
    )
  },
}

export const permissionTakenBack: Step<Stage> = {
  name: 'nine_step_revoked',
  title: { en: 'wang takes the permission back', zh: 'wang 收回预先授权' },
  expected: '401 TOKEN_REVOKED for all',
  async run({ nineStep, text }) {
    const names = ['office', 'reader', 'encrypted']
    await nineStep.program.revoke(permissionOf(nineStep, 'office').id)
    const refusals = await Promise.all(
      names.map((name) => refusalOf(sessionOf(nineStep, name).request('GET', list))),
    )
    const kinds = [...new Set(refusals.map(describeRefusal))]
    return expectAll(
      `${kinds.join(', ')} for ${kinds.length === 1 ? 'all' : 'some'}`,
      { 'every session that it opened has ended': kinds.join() === '401 TOKEN_REVOKED' },
      [
        text({
          en: `${refusals.length} sessions were opened with it; all ended with it`,
          zh: `用它打开的 ${refusals.length} 个会话随之结束`,
        }),
      ],
    )
  },
}
