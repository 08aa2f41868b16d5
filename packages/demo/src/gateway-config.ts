import type { Language } from './run/arguments.ts'
import type { DidAgent } from './world/did-agent.ts'
import type { World } from './world/world.ts'

/** Why the assistant gets no write access to finance: its words reach the agent as `denial_reason`. */
export const financeRefusal = 'agents may read the ledger, but payments stay with people'

export interface GatewayConfig {
  readonly yaml: string
  /** The secrets that the file names; they go into the gateway's environment and nowhere else. */
  readonly environment: Readonly<Record<string, string>>
}

/** The gateway's addresses that the identity provider and the chats have to know beforehand. */
export function gatewayAddresses(gatewayUrl: string) {
  return {
    loginRedirectUri: `${gatewayUrl}/login/callback`,
    crmRedirectUri: `${gatewayUrl}/ath/callback`,
    callbackUrl: (channel: string) => `${gatewayUrl}/ath/channels/${channel}`,
  }
}

/** The gateway's own DID: a name, which the operator chose. */
export const gatewayDid = 'did:ath:enterprise_gateway_001'

/** Where it is noon or so whenever the demo runs: the office is open, and it is not night. */
export function findNoonZone(now = new Date()): string {
  const ahead = 12 - now.getUTCHours()
  // The names of these zones count the other way: `Etc/GMT-8` is eight hours ahead of UTC.
  return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}

/** The whole of what the gateway is told about Blue Harbour Co.: this file and nine secrets. */
export function writeGatewayConfig(
  gatewayUrl: string,
  world: World,
  lang: Language,
): GatewayConfig {
  const { idp, oa, crm, finance, agents, didAgents, chats } = world
  const feishu = chats.feishu.options
  const slack = chats.slack.options
  const zone = findNoonZone()
  const yaml = `version: 1
gateway:
  url: ${gatewayUrl}
  data_dir: ./data
  # The proxy at the company's edge says where a call comes from; here every caller may play it.
  listen: { host: 127.0.0.1, port: ${new URL(gatewayUrl).port}, drain: 2s, trusted_proxies: [127.0.0.1/32] }

login:
  issuer: ${idp.issuer}
  client_id: ${idp.loginClient.clientId}
  client_secret: \${LOGIN_SECRET}

nine_step:
  server_did: ${gatewayDid}
  agents:
${[didAgents.office, didAgents.monthEnd].map(writePinnedAgent).join('')}
confirm:
  language: ${lang === 'zh' ? 'zh-CN' : 'en'}
  channels:
    - kind: feishu
      base_url: ${chats.feishu.origin}
      app_id: ${feishu.appId}
      app_secret: \${FEISHU_SECRET}
      encrypt_key: \${FEISHU_ENCRYPT_KEY}
      verification_token: \${FEISHU_TOKEN}
    - { kind: slack, base_url: ${chats.slack.baseUrl}, bot_token: "\${SLACK_TOKEN}", signing_secret: "\${SLACK_SECRET}" }

agents:
  - name: assistant-in-the-office
    agent: ${didAgents.office.did}
    allow: { oa: ["oa:read", "oa:delegate"], crm: ["crm:write"] }
    restrictions: { ip_whitelist: [10.0.0.0/8], access_time: "9:00-18:00", access_timezone: ${zone} }
  - name: month-end-at-night
    agent: ${didAgents.monthEnd.did}
    allow: { finance: ["finance:read"] }
    restrictions: { access_time: "22:00-6:00", access_timezone: ${zone} }
  - name: office-assistant
    agent: ${agents.office.agentId}
    allow:
      oa: ["oa:read", "oa:write"]
      crm: ["crm:read", "crm:write"]
      finance: ["finance:read"]
    because: ${financeRefusal}
  - name: minutes
    agent: ${agents.minutes.agentId}
    allow: { oa: ["oa:read"] }
    because: minutes are taken, not decided

providers:
  oa:
    name: OA 办公审批
    url: ${oa.url}
    auth:
      kind: cookie
      login:
        path: /login
        fields: { username: ${oa.credentials.username}, password: "\${OA_PASSWORD}" }
      expired_when: { status: [401], redirect_to: /oa/login }
    scopes:
      oa:read:
        match: ["GET /api/approval/list"]
        description: read approvals 查看审批
        risk: low
      oa:write:
        match: ["POST /api/approval/*/decision"]
        description: approve and reject 处理审批
      oa:delegate:
        match: ["POST /api/delegation"]
        description: let somebody else decide for you 委托他人审批
        risk: high
  crm:
    name: CRM 客户管理
    url: ${crm.url}
    auth:
      kind: oauth2
      issuer: ${idp.issuer}
      client_id: ${idp.crmClient.clientId}
      client_secret: \${CRM_SECRET}
      extra_scopes: [openid, offline_access]
      authorization_parameters: { prompt: consent }
    scopes:
      crm:read:
        match: ["GET /api/customer/*"]
        description: read customers 查看客户
        upstream: crm.read
      crm:write:
        match: ["POST /api/customer/*"]
        description: change customers 修改客户
        upstream: crm.write
  finance:
    name: Finance 财务
    url: ${finance.url}
    auth: { kind: basic, username: ${finance.credentials.username}, password: "\${FINANCE_PASSWORD}" }
    timeouts: { headers: 2s }
    scopes:
      finance:read:
        match: ["GET /ledger.csv", "GET /report/*"]
        description: read the ledger and reports 查看账目
      finance:write:
        match: ["POST /payments"]
        description: make payments 付款
`
  return {
    yaml,
    environment: {
      LOGIN_SECRET: idp.loginClient.clientSecret,
      CRM_SECRET: idp.crmClient.clientSecret,
      OA_PASSWORD: oa.credentials.password,
      FINANCE_PASSWORD: finance.credentials.password,
      FEISHU_SECRET: feishu.appSecret,
      FEISHU_ENCRYPT_KEY: feishu.encryptKey,
      FEISHU_TOKEN: feishu.verificationToken,
      SLACK_TOKEN: slack.botToken,
      SLACK_SECRET: slack.signingSecret,
    },
  }
}

/** One entry of `nine_step.agents`: the operator binds a DID to a key that they were given. */
const writePinnedAgent = ({ did, name, publicPem }: DidAgent) => `    - did: ${did}
      name: ${name}
      developer: { id: blue-harbour, name: Blue Harbour Co. 蓝港公司 }
      key: |
        ${publicPem.trim().replaceAll('\n', '\n        ')}
`
