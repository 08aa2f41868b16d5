import { setTimeout as wait } from 'node:timers/promises'
import { expectAll, type Step } from '../run/step.ts'
import { findLeaks } from '../world/received.ts'
import { describeRefusal, refusalOf, type Stage } from './stage.ts'

export const killAndRestart: Step<Stage> = {
  name: 'kill_and_restart',
  title: { en: 'kill -9 the gateway, start it again', zh: '强制结束网关并重启' },
  expected: 'nothing lost',
  async run({ gateway, office, person, session, keep, text }) {
    const handshake = await office.authorize({ provider: 'finance', scopes: ['finance:read'] })
    await person.answer(handshake.authorizationUrl, { approve: true })
    const granted = await office.waitForConsent(handshake, { pollSeconds: 0.1 })
    keep(granted)
    await gateway.kill()
    const downAt = performance.now()
    await gateway.start()
    const downMs = Math.round(performance.now() - downAt)
    const answer = await session('oa').fetch('/api/approval/list')
    await answer.body?.cancel()
    const record = await office.status()
    return expectAll(
      answer.status === 200 ? 'nothing lost' : `${answer.status}`,
      {
        'the token of before still works': answer.status === 200,
        'the registration is still there': record.agent_status === 'approved',
      },
      [
        text({
          en: `back after ${downMs} ms; tokens, registration and used attestations were on disk`,
          zh: `${downMs} ms 后恢复；令牌、注册、用过的证明都已落盘`,
        }),
      ],
    )
  },
}

/** Longer than an access token of the customer system lives. */
const tokenPauseSeconds = 5.5
const parallelCalls = 6

export const refreshUpstream: Step<Stage> = {
  name: 'upstream_refresh',
  title: { en: 'the CRM’s token runs out', zh: 'CRM 令牌到期并刷新' },
  expected: '200 for all, refreshed',
  async run({ session, world, text }) {
    const before = world.idp.refreshes()
    await wait(tokenPauseSeconds * 1000)
    const calls = Array.from({ length: parallelCalls }, async () => {
      const answer = await session('crm').fetch('/api/customer/123')
      await answer.body?.cancel()
      return answer.status
    })
    const statuses = await Promise.all(calls)
    const refreshes = world.idp.refreshes() - before
    return expectAll(
      `${[...new Set(statuses)].join(' ')}, ${refreshes} refresh for ${parallelCalls} calls`,
      {
        'every call was answered': statuses.every((status) => status === 200),
        'it was refreshed': refreshes > 0,
        'not once for every call': refreshes < parallelCalls,
      },
      [
        text({
          en: 'refresh tokens rotate: one used twice would have ended everything',
          zh: '刷新令牌会轮换：若用两次，授权就全部作废',
        }),
      ],
    )
  },
}

export const revoke: Step<Stage> = {
  name: 'revoke',
  title: { en: 'revoke, then call', zh: '撤销后再调用' },
  expected: '401 TOKEN_REVOKED',
  async run({ session, world, text }) {
    const crm = session('crm')
    const before = world.idp.revocations()
    await crm.revoke()
    const refusal = await refusalOf(crm.call('/api/customer/123'))
    // The upstream hears of it beside the answer, so it may take a moment.
    for (let tries = 0; tries < 40 && world.idp.revocations() === before; tries++) await wait(50)
    return expectAll(
      describeRefusal(refusal),
      {
        'the token is worth nothing': refusal.status === 401 && refusal.code === 'TOKEN_REVOKED',
        'the OAuth server was told': world.idp.revocations() > before,
      },
      [
        text({
          en: 'and the CRM’s OAuth grant ended with it',
          zh: 'CRM 的 OAuth 授权也随之撤销',
        }),
      ],
    )
  },
}

export const nothingLeaked: Step<Stage> = {
  name: 'nothing_leaked',
  title: { en: 'what the legacy systems saw', zh: '旧系统看到了什么' },
  expected: 'no credential of an agent',
  async run({ world, secrets, text }) {
    const seen = world.received()
    const leaks = findLeaks(seen, [...secrets])
    return expectAll(
      leaks.length === 0 ? 'no credential of an agent' : `${leaks.length} leaks`,
      {
        'nothing leaked': leaks.length === 0,
        'each system was used': seen.length > 10,
        'there was something to look for': secrets.size > 5,
      },
      [
        text({
          en: `${seen.length} requests searched for ${secrets.size} secrets`,
          zh: `在 ${seen.length} 个请求中查找了 ${secrets.size} 个机密`,
        }),
        ...leaks.slice(0, 5),
      ],
    )
  },
}
