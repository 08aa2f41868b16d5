import { expectAll, type Step } from '../run/step.ts'
import { padCells } from '../run/width.ts'
import { describeRefusal, post, refusalOf, ruleOf, type Stage, type Verdict } from './stage.ts'

export const neverGranted: Step<Stage> = {
  name: 'scope_never_granted',
  title: { en: 'a scope that was never granted', zh: '从未授予的权限' },
  expected: '403 SCOPE_NOT_APPROVED',
  async run({ session, world, text }) {
    const payment = await refusalOf(
      session('finance').call('/payments', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ to: 'somebody', amount_cny: 50_000 }),
      }),
    )
    const decision = await refusalOf(
      session('oa').call('/api/approval/A-2042/decision', {
        method: 'POST',
        body: new URLSearchParams({ decision: 'approve' }),
      }),
    )
    const rule = ruleOf(payment)
    return expectAll(
      describeRefusal(payment),
      {
        'the payment is refused': payment.status === 403 && payment.code === 'SCOPE_NOT_APPROVED',
        'the rule is named': rule.includes('finance:write') && rule.includes('POST /payments'),
        'a fix is named': payment.fix.length > 0,
        'nothing was paid': world.finance.payments.length === 0,
        'what the user unticked is refused': decision.code === 'SCOPE_NOT_APPROVED',
        'nothing was decided': world.oa.approval('A-2042')?.state === 'urgent',
      },
      [
        text({ en: `rule: ${rule}`, zh: `规则：${rule}` }),
        text({ en: `fix: ${payment.fix}`, zh: `办法：${payment.fix}` }),
        text({
          en: `unticked by the user: ${describeRefusal(decision)}, ${ruleOf(decision)}`,
          zh: `用户去掉的权限：${describeRefusal(decision)}，${ruleOf(decision)}`,
        }),
      ],
    )
  },
}

export const stolenToken: Step<Stage> = {
  name: 'stolen_token',
  title: { en: 'another agent, a stolen token', zh: '别的智能体盗用令牌' },
  expected: '403 AGENT_IDENTITY_MISMATCH',
  async run({ minutes, world, session }) {
    await minutes.register({
      developer: world.agents.minutes.developer,
      purpose: '会议纪要 minutes of meetings',
      providers: [{ provider_id: 'oa', scopes: ['oa:read'] }],
    })
    const { providerId, accessToken, scopes, expiresAt } = session('oa')
    const stolen = minutes.resume({ providerId, accessToken, scopes, expiresAt })
    const refusal = await refusalOf(stolen.call('/api/approval/list'))
    return expectAll(
      describeRefusal(refusal),
      { 'it is refused': refusal.status === 403 && refusal.code === 'AGENT_IDENTITY_MISMATCH' },
      [refusal.message],
    )
  },
}

export const replayedAttestation: Step<Stage> = {
  name: 'replayed_attestation',
  title: { en: 'a replayed attestation', zh: '重放身份证明' },
  expected: '401 INVALID_ATTESTATION',
  async run({ office, gateway, usedAttestations, text }) {
    const replay = await post(`${gateway.url}/ath/authorize`, {
      client_id: office.credentials?.clientId,
      agent_attestation: usedAttestations[0],
      provider_id: 'oa',
      scopes: ['oa:read'],
      state: crypto.randomUUID(),
    })
    return expectAll(
      `${replay.status} ${replay.code}`,
      {
        'it had been used': usedAttestations.length > 0,
        'it is refused': replay.status === 401 && replay.code === 'INVALID_ATTESTATION',
      },
      [
        text({
          en: 'used in step 2, before the gateway was killed: what it saw survives it',
          zh: '第 2 步用过，其间网关被强制重启：它仍然记得',
        }),
      ],
    )
  },
}

export const unknownAgentWithYes: Step<Stage> = {
  name: 'unknown_agent_user_yes',
  title: { en: 'unknown agent, the user says yes', zh: '未知智能体，用户同意' },
  expected: '403 AGENT_UNAPPROVED',
  async run({ stranger, minutes, world, person, secrets, verdicts, text }) {
    const registration = await stranger.register({
      developer: world.agents.stranger.developer,
      purpose: 'I am here to help',
      providers: [{ provider_id: 'oa', scopes: ['oa:read'] }],
    })
    const noQuestion = await refusalOf(stranger.authorize({ provider: 'oa', scopes: ['oa:read'] }))
    // It cannot ask, so it waits for a yes that was given to another agent, and comes for the token first.
    const handshake = await minutes.authorize({ provider: 'oa', scopes: ['oa:read'] })
    await person.answer(handshake.authorizationUrl, { approve: true })
    const session = await refusalOf(stranger.token(handshake))
    const rightful = await minutes.waitForConsent(handshake, { pollSeconds: 0.1 })
    secrets.add(rightful.accessToken)
    const list = await rightful.fetch('/api/approval/list')
    await list.body?.cancel()
    verdicts.push(
      { known: true, userSaidYes: true, access: list.status === 200, why: String(list.status) },
      { known: false, userSaidYes: true, access: false, why: describeRefusal(session) },
      { known: false, userSaidYes: false, access: false, why: describeRefusal(noQuestion) },
    )
    return expectAll(
      describeRefusal(session),
      {
        'its registration waits for an operator': registration.agent_status === 'pending',
        'it may not even ask': noQuestion.code === 'AGENT_UNAPPROVED',
        'a yes does not help it': session.status === 403 && session.code === 'AGENT_UNAPPROVED',
        'the agent that was meant gets in': list.status === 200,
      },
      [
        text({
          en: `${session.message}; the same yes let the known agent in`,
          zh: `${session.message}；同一个同意让已知智能体通过`,
        }),
      ],
    )
  },
}

export const knownAgentWithNo: Step<Stage> = {
  name: 'known_agent_user_no',
  title: { en: 'known agent, the user says no', zh: '已知智能体，用户拒绝' },
  expected: '403 USER_DENIED',
  async run({ minutes, obtain, verdicts, text }) {
    const refusal = await refusalOf(
      obtain(minutes, { provider: 'oa', scopes: ['oa:read'] }, { approve: false }),
    )
    verdicts.push({ known: true, userSaidYes: false, access: false, why: describeRefusal(refusal) })
    return expectAll(
      describeRefusal(refusal),
      {
        'the agent is told': refusal.status === 403 && refusal.code === 'USER_DENIED',
        'only both doors together let in': verdicts.every(
          ({ known, userSaidYes, access }) => access === (known && userSaidYes),
        ),
        'all four cases were tried': verdicts.length === 4,
      },
      renderVerdicts(verdicts, text),
    )
  },
}

/** OAuth alone asks the user only; the fourth column is what just happened. */
function renderVerdicts(verdicts: readonly Verdict[], text: Stage['text']): readonly string[] {
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, index) => padCells(cell, [10, 8, 14, 12, 0][index] ?? 0))
      .join(' ')
      .trimEnd()
  const access = text({ en: 'access', zh: '可访问' })
  const none = text({ en: 'no access', zh: '不可访问' })
  const order = [...verdicts].sort(
    (a, b) => Number(b.userSaidYes) - Number(a.userSaidYes) || Number(b.known) - Number(a.known),
  )
  return [
    '',
    row([
      text({ en: 'agent', zh: '智能体' }),
      text({ en: 'user', zh: '用户' }),
      text({ en: 'OAuth alone', zh: '仅 OAuth' }),
      'ATH',
      '',
    ]),
    ...order.map((verdict) =>
      row([
        verdict.known ? text({ en: 'known', zh: '已知' }) : text({ en: 'unknown', zh: '未知' }),
        verdict.userSaidYes ? text({ en: 'yes', zh: '同意' }) : text({ en: 'no', zh: '拒绝' }),
        verdict.userSaidYes ? (verdict.known ? access : `${access} (!)`) : none,
        verdict.access ? access : verdict.known ? none : text({ en: 'blocked', zh: '拦截' }),
        verdict.why,
      ]),
    ),
    '',
  ]
}
