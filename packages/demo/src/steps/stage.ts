import { AthError, type AthClient, type AthSession, createAthClient } from '@ath-protocol/client'
import type { GatewayProcess } from '../gateway-process.ts'
import type { Answer, Person } from '../person/person.ts'
import type { Language } from '../run/arguments.ts'
import type { Text } from '../run/step.ts'
import type { HostedAgent } from '../world/agent-host.ts'
import type { ShopDoors } from '../shop-doors.ts'
import type { World } from '../world/world.ts'
import { createNineStepScene, type NineStepScene } from './nine-step-scene.ts'
import type { ShopScene } from './shop-scene.ts'

/** Everything the scripted run has at hand, and what its steps leave for each other. */
export interface Stage {
  readonly world: World
  readonly gateway: GatewayProcess
  readonly person: Person
  readonly office: AthClient
  readonly minutes: AthClient
  readonly stranger: AthClient
  /** What must never reach a system behind the gateway. */
  readonly secrets: Set<string>
  /** Attestations that were used once, to be used again. */
  readonly usedAttestations: string[]
  /** One line of the table at the end of the trust steps. */
  readonly verdicts: Verdict[]
  readonly nineStep: NineStepScene
  readonly shop: ShopScene
  text(text: Text): string
  keep(session: AthSession): AthSession
  /** The assistant's session at a provider, from an earlier step. */
  session(providerId: string): AthSession
  /** Asks the user for access and waits for the answer. */
  obtain(
    client: Pick<AthClient, 'authorize' | 'waitForConsent'>,
    request: Wanted,
    answer: Answer,
  ): Promise<AthSession>
}

export interface Wanted {
  /** Left out where there is one. */
  readonly provider?: string
  readonly scopes: readonly string[]
}

/** Who asked, what the user said, and what came of it. */
export interface Verdict {
  readonly known: boolean
  readonly userSaidYes: boolean
  readonly access: boolean
  readonly why: string
}

/** What is running. */
export interface Places {
  readonly world: World
  readonly gateway: GatewayProcess
  readonly shop: ShopDoors
}

export async function createStage(
  { world, gateway, shop }: Places,
  person: Person,
  lang: Language,
): Promise<Stage> {
  const secrets = new Set<string>()
  const sessions = new Map<string, AthSession>()
  const settings = ({ agentId, key }: HostedAgent) => ({
    agentId,
    key,
    fetch: watchSecrets(secrets),
    timeoutSeconds: 10,
    callTimeoutSeconds: 15,
  })
  const client = (agent: HostedAgent) =>
    createAthClient({ gateway: gateway.url, ...settings(agent) })
  const { office, minutes, stranger } = world.agents
  const stage: Stage = {
    world,
    gateway,
    person,
    office: client(office),
    minutes: client(minutes),
    stranger: client(stranger),
    secrets,
    usedAttestations: [],
    verdicts: [],
    nineStep: await createNineStepScene(world, gateway, secrets),
    shop: {
      doors: shop,
      assistant: createAthClient({ service: shop.url, ...settings(office) }),
      sessions: [],
    },
    text: (text) => text[lang],
    keep(session) {
      secrets.add(session.accessToken)
      sessions.set(session.providerId, session)
      return session
    },
    session(providerId) {
      const found = sessions.get(providerId)
      if (!found) throw new Error(`no session for ${providerId}: an earlier step failed`)
      return found
    },
    async obtain(asking, request, answer) {
      const handshake = await asking.authorize(request)
      await person.answer(handshake.authorizationUrl, answer)
      const session = await asking.waitForConsent(handshake, { pollSeconds: 0.1 })
      secrets.add(session.accessToken)
      return session
    },
  }
  return stage
}

/** The platform's fetch, remembering which secrets the agents' clients send. */
function watchSecrets(secrets: Set<string>): typeof fetch {
  return (input, init) => {
    if (typeof init?.body === 'string' && init.body.startsWith('{')) {
      const body = JSON.parse(init.body) as Record<string, unknown>
      for (const name of ['agent_attestation', 'client_secret'])
        if (typeof body[name] === 'string') secrets.add(body[name])
    }
    return fetch(input, init)
  }
}

/** What the call was refused with; a call that is not refused is the failure. */
export async function refusalOf(call: Promise<unknown>): Promise<AthError> {
  try {
    await call
  } catch (error) {
    if (error instanceof AthError) return error
    throw error
  }
  throw new Error('it was allowed')
}

export const describeRefusal = ({ status, code }: AthError) => `${status ?? '-'} ${code}`

/** The rule that a refusal names, or nothing. */
export function ruleOf({ details }: AthError): string {
  const rule = details['rule']
  return typeof rule === 'string' ? rule : ''
}

/** Sends one protocol request by hand, for what no honest client would send. */
export async function post(
  url: string,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly status: number; readonly code: string }> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  const { code } = (await answer.json()) as { readonly code?: unknown }
  return { status: answer.status, code: typeof code === 'string' ? code : '' }
}
