import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestCertificate } from '@sallyport/testing'
import { startGatewayProcess } from './gateway-process.ts'
import { findFreePort } from './listen.ts'
import { startOAuthServer } from './oauth-server.ts'
import { flags, type RunningSubject } from './subject.ts'
import { registerUserKey } from './user-key.ts'
import { startUpstream } from './upstream.ts'

export interface GatewaySubject extends RunningSubject {
  /** Where it listens; `url` is another when something stands in front of it. */
  readonly address: string
  /** Agents whose documents are served there are approved. */
  readonly agentPort: number
  /** The private key of a person, registered there. */
  readonly userKeyFile: string
}

export interface GatewayOptions {
  /** Its public URL, when something stands in front of it. */
  readonly publicUrl?: string
  /** Told where it listens, before anything is asked of its public URL. */
  readonly onListening?: (address: string) => void
  /** Default `crm`. */
  readonly provider?: string
  /** It speaks TLS with it; this process has to trust it. */
  readonly certificate?: TestCertificate
}

/** The gateway as operators run it, by `sallyport dev`, in front of a service with an OAuth server of its own and one without. */
export async function startGateway(options: GatewayOptions = {}): Promise<GatewaySubject> {
  const { provider = 'crm', certificate } = options
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  const [port, agentPort] = [await findFreePort(), await findFreePort()]
  const address = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`
  const url = options.publicUrl ?? address
  const upstream = await startUpstream()
  const oauth = await startOAuthServer(`${url}/ath/callback`, ['crm:read', 'crm:write'])
  if (certificate) {
    writeFileSync(join(folder, 'cert.pem'), certificate.cert)
    writeFileSync(join(folder, 'key.pem'), certificate.key)
  }
  const config = join(folder, 'sallyport.yaml')
  writeFileSync(
    config,
    `version: 1
gateway:
  url: ${url}
  data_dir: ./data
  listen: { port: ${port}, drain: 0s${certificate ? ', tls: { cert: ./cert.pem, key: ./key.pem }' : ''} }
login: { dev_user: alice }
agents:
  - agent: "http://127.0.0.1:${agentPort}/*"
    allow: { ${provider}: ["crm:read", "crm:write"], plain: ["plain:read", "plain:write"] }
providers:
  ${provider}:
    url: ${upstream.url}
    auth: { kind: oauth2, issuer: "${oauth.url}", client_id: ${oauth.clientId}, client_secret: ${oauth.clientSecret} }
    scopes:
      crm:read: [GET /api/**, "* /anything"]
      crm:write: [POST /api/**]
  plain:
    url: ${upstream.url}
    auth: { kind: none }
    scopes: { plain:read: [GET /**], plain:write: [POST /**] }
identity_documents: { read_timeout: 1s }
limits:
  register_ip: none
  register_agent: none
  authorize_client: none
  token_client: none
  proxy_token: none
  login_ip: none
  status_ip: none
  handshake_ip: none
  handshake_client: none
  confirm_user: none
alerts: { attestation_failed: none, scope_violation: none }
`,
  )
  const stop = await startGatewayProcess(config, address)
  options.onListening?.(address)
  const userKeyFile = join(folder, 'user.pem')
  const userKey = await registerUserKey(`${url}/me/keys`).catch(async (cause: unknown) => {
    await stop()
    throw cause
  })
  writeFileSync(userKeyFile, userKey)
  return {
    name: 'gateway',
    url,
    address,
    agentPort,
    userKeyFile,
    options: (handshake) =>
      flags({
        url,
        mode: 'gateway',
        handshake,
        // Where a service has an OAuth server, the person's browser goes on there before step 8.
        provider: handshake === 'nine-step' ? 'plain' : provider,
        consent: 'auto',
        'user-key': userKeyFile,
        'agent-listen': `127.0.0.1:${agentPort}`,
        call: 'GET /api/customers',
        echo: '/anything',
      }),
    async close() {
      await stop()
      await Promise.all([upstream.close(), oauth.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
