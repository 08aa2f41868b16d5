import {
  AthError,
  type AthClient,
  createAthClient,
  type ServiceDiscovery,
} from '@ath-protocol/client'
import type { Steps } from './steps.ts'
import type { TestAgent } from './test-agent.ts'
import type { Trial } from './trial.ts'

/** What both handshakes begin with: the app is found, and approves the test agent. */
export interface Entered {
  readonly client: AthClient<ServiceDiscovery>
  readonly found: ServiceDiscovery
  readonly wanted: readonly string[]
}

export async function enter(trial: Trial, steps: Steps, agent: TestAgent): Promise<Entered> {
  const { service, log, signal, timeoutSeconds } = trial
  const client = createAthClient({
    service,
    agentId: agent.id,
    key: agent.key,
    fetch: log.fetch,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  })
  const found = await steps.must('discover', async () => {
    const value = await client.discover({ signal })
    return { value, learnt: describeService(value) }
  })
  const wanted = trial.scopes ?? found.auth.scopes_supported
  await steps.must('identity', async () => {
    await (await log.fetch(agent.id)).body?.cancel()
    return { value: undefined, learnt: 'the test agent’s document is served here' }
  })
  const before = agent.fetched()
  await steps.must('register', async () => {
    const { developer } = agent
    const purpose = 'a test by `athx try`'
    const value = await client.register({ scopes: wanted, developer, purpose, signal })
    if (value.agent_status !== 'approved')
      throw new AthError('AGENT_UNAPPROVED', {
        message: `the test agent is ${value.agent_status}`,
      })
    const [entry] = value.approved_providers
    const denied = entry?.denied_scopes ?? []
    return {
      value,
      learnt: [
        `approved ${entry?.approved_scopes.join(' ')}`,
        ...(denied.length > 0 ? [`denied ${denied.join(' ')}`] : []),
        agent.fetched() > before ? 'key checked' : 'key NOT checked: fit for development only',
      ].join('; '),
    }
  })
  return { client, found, wanted }
}

const describeService = ({ name, app_id, auth, ...rest }: ServiceDiscovery) =>
  `${name} (${app_id}) offers ${auth.scopes_supported.join(' ')}${rest['handshake_endpoint'] === undefined ? '' : '; nine-step, too'}`
