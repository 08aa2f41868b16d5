import type { World } from './world/world.ts'

/** Why the assistant gets no write access to finance: its words reach the agent as `denial_reason`. */
export const financeRefusal = 'agents may read the ledger, but payments stay with people'

export interface GatewayConfig {
  readonly yaml: string
  /** The secrets that the file names; they go into the gateway's environment and nowhere else. */
  readonly environment: Readonly<Record<string, string>>
}

/** The gateway's redirect URIs, which the identity provider has to know beforehand. */
export function redirectUris(gatewayUrl: string) {
  return {
    loginRedirectUri: `${gatewayUrl}/login/callback`,
    crmRedirectUri: `${gatewayUrl}/ath/callback`,
  }
}

/** The whole of what the gateway is told about Blue Harbour Co.: this file and four secrets. */
export function writeGatewayConfig(gatewayUrl: string, world: World): GatewayConfig {
  const { idp, oa, crm, finance, agents } = world
  const yaml = `version: 1
gateway:
  url: ${gatewayUrl}
  data_dir: ./data
  listen: { host: 127.0.0.1, port: ${new URL(gatewayUrl).port}, drain: 2s }

login:
  issuer: ${idp.issuer}
  client_id: ${idp.loginClient.clientId}
  client_secret: \${LOGIN_SECRET}

agents:
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
      oa:write:
        match: ["POST /api/approval/*/decision"]
        description: approve and reject 处理审批
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
    },
  }
}
