import { createAttestation } from '@ath-protocol/types'
import { financeRefusal } from '../gateway-config.ts'
import { expectAll, type Step } from '../run/step.ts'
import { post, type Stage } from './stage.ts'

const asked = {
  oa: ['oa:read', 'oa:write'],
  crm: ['crm:read', 'crm:write'],
  finance: ['finance:read', 'finance:write'],
} as const

const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((item) => b.includes(item))

export const discoverAndAttest: Step<Stage> = {
  name: 'discover_and_attest',
  title: { en: 'discover and attest', zh: '发现网关，证明身份' },
  expected: 'approved',
  async run({ office, world, text }) {
    const discovery = await office.discover()
    const providers = discovery.supported_providers.map(({ provider_id }) => provider_id)
    const registration = await office.register({
      developer: world.agents.office.developer,
      purpose: '查询审批，更新客户信息 read approvals, update customers',
      providers: Object.entries(asked).map(([provider_id, scopes]) => ({
        provider_id,
        scopes: [...scopes],
      })),
    })
    return expectAll(
      registration.agent_status,
      {
        'ATH 0.1 is spoken': discovery.ath_version === '0.1',
        'three systems are offered': same(providers, ['oa', 'crm', 'finance']),
        'the agent is approved': registration.agent_status === 'approved',
      },
      [
        text({
          en: `signature checked with the key at ${office.agentId}`,
          zh: `已用 ${office.agentId} 公布的公钥验证签名`,
        }),
      ],
    )
  },
}

export const approvedInPart: Step<Stage> = {
  name: 'approved_in_part',
  title: { en: 'the service approves in part', zh: '服务方部分批准' },
  expected: 'finance:write refused by the service',
  async run({ office, world, gateway, usedAttestations, secrets, text }) {
    const { approved_providers } = await office.status()
    const finance = approved_providers.find(({ provider_id }) => provider_id === 'finance')
    const attestation = await createAttestation({
      agentId: office.agentId,
      audience: gateway.url,
      key: world.agents.office.key.privateKey,
      keyId: world.agents.office.key.keyId,
      now: Date.now() / 1000,
    })
    secrets.add(attestation)
    usedAttestations.push(attestation)
    // Asking all the same, past the client that would not: the gateway holds to its own decision.
    const insisted = await post(`${gateway.url}/ath/authorize`, {
      client_id: office.credentials?.clientId,
      agent_attestation: attestation,
      provider_id: 'finance',
      scopes: ['finance:write'],
      state: crypto.randomUUID(),
    })
    const denied = finance?.denied_scopes.join(' ') ?? ''
    return expectAll(
      denied ? `${denied} refused by the service` : 'nothing refused',
      {
        'finance:write is refused': denied === 'finance:write',
        'finance:read is approved': finance?.approved_scopes.join(' ') === 'finance:read',
        'the reason is the rule’s': finance?.denial_reason === financeRefusal,
        'insisting is refused': insisted.status === 403 && insisted.code === 'SCOPE_NOT_APPROVED',
      },
      [
        text({ en: `reason: ${finance?.denial_reason}`, zh: `理由：${finance?.denial_reason}` }),
        text({
          en: `asked for all the same: ${insisted.status} ${insisted.code}`,
          zh: `坚持再申请：${insisted.status} ${insisted.code}`,
        }),
      ],
    )
  },
}

export const consentNarrowed: Step<Stage> = {
  name: 'consent_narrowed',
  title: { en: 'the user consents, and narrows', zh: '用户同意，并缩小范围' },
  expected: 'oa:read',
  async run({ office, obtain, keep, text }) {
    const session = keep(
      await obtain(
        office,
        { provider: 'oa', scopes: asked.oa },
        { approve: true, untick: ['oa:write'] },
      ),
    )
    const intersection = session.grant?.scope_intersection
    return expectAll(
      session.scopes.join(' '),
      {
        'only oa:read is granted': same(session.scopes, ['oa:read']),
        'the service had approved both': same(intersection?.agent_approved ?? [], asked.oa),
        'the user consented to one': same(intersection?.user_consented ?? [], ['oa:read']),
      },
      [
        text({
          en: `approved ${asked.oa.join(' ')} ∩ consented oa:read; oa:write was unticked`,
          zh: `服务方批准 ${asked.oa.join(' ')} ∩ 用户同意 oa:read；用户去掉了 oa:write`,
        }),
      ],
    )
  },
}
