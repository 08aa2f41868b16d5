import { AthError } from '@ath-protocol/client'
import type { HandshakeSession } from '@ath-protocol/client/nine-step'
import { setTimeout as wait } from 'node:timers/promises'
import { expectAll, type Step } from '../run/step.ts'
import { eightHours } from './nine-step-scene.ts'
import type { Stage } from './stage.ts'

const scopes = ['oa:read', 'crm:write']

export const permissionAhead: Step<Stage> = {
  name: 'nine_step_permission',
  title: { en: 'nine steps: permission ahead', zh: '九步握手：预先授权' },
  expected: 'oa:read crm:write for 8 hours',
  async run({ nineStep, person, world, text }) {
    const { program, permissions } = nineStep
    await person.add(program.registrationUrl('my program'))
    await untilKnown(() => program.inbox())
    const permission = await nineStep.permit(world.didAgents.office, scopes)
    permissions.set('office', permission)
    const kept = (await program.credentials()).find(({ id }) => id === permission.id)
    const hours = Math.round(((kept?.expires_at ?? 0) - Date.now() / 1000) / 3600)
    return expectAll(
      `${kept?.scopes.join(' ')} for ${hours} hours`,
      {
        'the gateway keeps it': kept?.status === 'live',
        'for these scopes': kept?.scopes.join(' ') === scopes.join(' '),
        'for eight hours': hours === eightHours / 3600,
      },
      [
        text({
          en: `signed with wang’s own key, which she registered at /me/keys, for ${world.didAgents.office.did} alone`,
          zh: `由 wang 自己的密钥签名（已在 /me/keys 登记），只给 ${world.didAgents.office.did}`,
        }),
      ],
    )
  },
}

/** A person takes their time; the step's own patience ends it. */
export async function untilKnown(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (!(error instanceof AthError) || error.details['reason'] !== 'user_key_unknown')
        throw error
      await wait(500)
    }
  }
}

export const nineStepHandshake: Step<Stage> = {
  name: 'nine_step_handshake',
  title: { en: 'nine steps: asked in Feishu', zh: '九步握手：飞书确认' },
  expected: 'oa:read crm:write, 28800 s',
  async run({ nineStep, person, world, text }) {
    const { feishu } = world.chats
    const { session, message } = await nineStep.ask(
      {
        agent: world.didAgents.office,
        scopes,
        context: 'User needs to query OA approvals and update CRM customer information',
        permission: permissionOf(nineStep, 'office'),
      },
      feishu,
      () => person.review(feishu.origin, { approve: true }),
    )
    nineStep.sessions.set('office', session)
    const { ip_whitelist, access_time, access_timezone } = session.restrictions
    return expectAll(
      `${session.scopesGranted.join(' ')}, ${session.ttlGranted} s`,
      {
        'both scopes are granted': session.scopesGranted.join(' ') === scopes.join(' '),
        'for eight hours': session.ttlGranted === eightHours,
        'from the office network': JSON.stringify(ip_whitelist) === '["10.0.0.0/8"]',
        'in office hours': access_time === '9:00-18:00',
        'nobody but wang was asked': message.to === 'ou_wang',
        'Feishu found nothing wrong with a call': feishu.faults.length === 0,
      },
      [
        text({
          en: `a card, Review, the gateway’s page, the CRM’s own page: ${session.serverDid} knows both sides`,
          zh: `卡片、查看、网关页面、CRM 自己的页面：${session.serverDid} 认识双方`,
        }),
        `ip_whitelist ${String(ip_whitelist)}, access_time ${String(access_time)} ${String(access_timezone)}`,
      ],
    )
  },
}

export const shortPaths: Step<Stage> = {
  name: 'nine_step_calls',
  title: { en: 'GET /oa/…, POST /crm/…', zh: 'GET /oa/…、POST /crm/…' },
  expected: '200, 200 changed by wang',
  async run({ nineStep, world, text }) {
    const session = sessionOf(nineStep, 'office')
    const list = await nineStep.call(session, 'GET', '/oa/api/approval/list')
    const note = 'by the nine steps'
    const change = await nineStep.call(session, 'POST', '/crm/api/customer/123', {
      json: { status: 'following_up', note },
    })
    const customer = world.crm.customer('123')
    return expectAll(
      `${list.status}, ${change.status} changed by ${customer?.changed_by}`,
      {
        'the list is the OA’s': list.text === world.oa.lastAnswer().toString(),
        'the CRM has it': change.status === 200 && customer?.note === note,
        'in the name of the user': customer?.changed_by === 'wang',
      },
      [
        text({
          en: 'one token for both, and nothing else: the CRM got wang’s own token of its OAuth server',
          zh: '一个令牌通行两处；CRM 收到的是 wang 在其 OAuth 服务器上自己的令牌',
        }),
      ],
    )
  },
}

export function permissionOf({ permissions }: Stage['nineStep'], name: string) {
  const found = permissions.get(name)
  if (!found) throw new Error(`no permission for ${name}: an earlier step failed`)
  return found
}

export function sessionOf({ sessions }: Stage['nineStep'], name: string): HandshakeSession {
  const found = sessions.get(name)
  if (!found) throw new Error(`no session of ${name}: an earlier step failed`)
  return found
}
