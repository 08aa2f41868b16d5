import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const providerId = 'bench'
export const agentId = 'https://agent.example/.well-known/agent.json'

/** A configuration for `sallyport start`, as it would stand behind a server that ends TLS. Only the rate limit is off. */
export function writeGatewayConfig(folder: string, port: number, upstream: string): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'sallyport.yaml')
  writeFileSync(
    file,
    `version: 1
gateway:
  url: https://gateway.example
  data_dir: ${join(folder, 'data')}
  listen: { host: 127.0.0.1, port: ${port}, drain: 1s }
login:
  issuer: https://login.example
  client_id: sallyport
  client_secret: \${BENCH_LOGIN_SECRET}
agents:
  - { name: bench, agent: ${agentId}, allow: { ${providerId}: ["bench:read", "bench:write"] } }
providers:
  ${providerId}:
    url: ${upstream}
    auth: { kind: none }
    max_request: 4GiB
    scopes:
      bench:write: ["POST /sink", "PUT /rows/*"]
      bench:admin: ["* /admin/**"]
      bench:read: ["GET /rows/*", "GET /events", "GET /bytes"]
limits: { proxy_token: none, handshake_ip: none, handshake_client: none, token_client: none }
nine_step: { confirmation: unless_covered }
`,
  )
  return file
}

/** Text `index` of many tokens that differ in their last digits. Made anew in each run, so none is worth keeping. */
export function tokenText(prefix: string, index: number): string {
  return prefix + String(index).padStart(8, '0')
}
