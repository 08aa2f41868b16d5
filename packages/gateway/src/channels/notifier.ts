import {
  type AthPorts,
  type AuditEvent,
  type ConsentNotifier,
  type ConsentRequest,
  type ConsentStore,
  requestReference,
} from '@ath-protocol/server'
import { fail, type Rate, type Result } from '@ath-protocol/types'
import type {
  ChannelIdentityStore,
  Delivery,
  DeliveryStore,
  Language,
  LoginStore,
  LogLine,
  Person,
} from '@ath-protocol/server/parts'
import { type Asked, outcomeCard, questionCard } from './card.ts'
import type { Addressee, Channel, Delivered, DeliveryFault } from './channel.ts'
import { learnIdentity } from './identity.ts'

export interface NotifierPorts
  extends Pick<AthPorts, 'config' | 'clock' | 'registry' | 'limits' | 'audit'> {
  readonly consents: Pick<ConsentStore, 'find'>
  readonly logins: Pick<LoginStore, 'findUser'>
  readonly identities: ChannelIdentityStore
  readonly deliveries: DeliveryStore
  readonly log: (line: LogLine) => void
  readonly report: (cause: unknown) => void
}

export interface NotifierOptions {
  /** Tried in this order. */
  readonly channels: readonly Channel[]
  readonly language: Language
  /** How long one attempt of one channel may take. Default 5 s. */
  readonly attemptMilliseconds?: number
  /** How many questions are pushed to one person. Beyond it they wait on the page only. Default 10 in 10 minutes. */
  readonly perPerson?: Rate
  /** How many of one agent's questions are pushed to one person: it cannot ring on, nor use up the others' share. Default 5 in 10 minutes. */
  readonly perAgent?: Rate
}

/** A notifier whose changes of messages go on after `settled` has returned: a person's answer waits for no vendor. */
export interface RunningNotifier extends ConsentNotifier {
  /** Resolves once every message is as it shall be, or was tried. */
  idle(): Promise<void>
}

/**
 * Tells a person of a question, by the first of the channels that takes it. A person who is asked too often stops
 * reading, so there is a pace. Whatever fails, the question stays on its page and nothing is allowed.
 */
export function createNotifier(ports: NotifierPorts, options: NotifierOptions): RunningNotifier {
  const { channels } = options
  const { perPerson = { count: 10, perSeconds: 600 }, perAgent = { count: 5, perSeconds: 600 } } =
    options
  const running = new Set<Promise<void>>()

  async function ask(consent: ConsentRequest): Promise<void> {
    const { userId } = consent
    if (userId === undefined || consent.decision || consent.expiresAt <= ports.clock.now()) return
    const person = await ports.logins.findUser(userId)
    if (!person) return undelivered(ports, consent, 'person_unknown', [])
    const tooOften =
      ports.limits.takeRate(perAgent, `asked ${userId} by ${consent.clientId}`) ??
      ports.limits.takeRate(perPerson, `asked ${userId}`)
    if (tooOften) return undelivered(ports, consent, 'asked_too_often', [])
    const agent = await ports.registry.findByClientId(consent.clientId)
    const faults: string[] = []
    for (const channel of channels) {
      const card = questionCard({
        ...asked(consent, agent),
        person,
        now: ports.clock.now(),
        channel,
      })
      const known = await ports.identities.findByUser(channel.name, userId)
      const deliver = (to: Addressee) => twice((signal) => channel.deliver(card, to, signal))
      let sent = known
        ? await deliver({ person, externalId: known.externalId })
        : await deliver({ person })
      // Somebody who left and came back has another id there.
      if (known && channel.findAddress && !sent.ok && !mayPass(sent.error))
        sent = await deliver({ person })
      if (sent.ok) return delivered(consent, person, channel, sent.value, faults)
      faults.push(`${channel.name}: ${faultText(sent.error)}`)
    }
    undelivered(ports, consent, channels.length === 0 ? 'no_channel' : 'all_failed', faults)
  }

  const asked = (consent: ConsentRequest, agent: Asked['agent']) => ({
    config: ports.config,
    language: options.language,
    consent,
    agent,
  })

  async function delivered(
    consent: ConsentRequest,
    person: Person,
    channel: Channel,
    { reference, externalId }: Delivered,
    faults: readonly string[],
  ): Promise<void> {
    record(ports, consent, {
      event: 'confirmation_requested',
      outcome: 'allowed',
      evidence: { channel: channel.name, ...(faults.length > 0 ? { before: faults } : {}) },
    })
    if (externalId !== undefined) await learnIdentity(ports, channel.name, externalId, person.id)
    if (reference === '' || !channel.settle) return
    const { now } = ports.clock
    await ports.deliveries.insert({
      consentId: consent.id,
      channel: channel.name,
      reference,
      sentAt: now(),
    })
    // Somebody may have answered on the page while the message was on its way.
    const standing = await ports.consents.find(consent.id)
    if (standing?.decision) await replaceMessages(standing)
  }

  async function replaceMessages(consent: ConsentRequest): Promise<void> {
    const agent = await ports.registry.findByClientId(consent.clientId)
    const card = outcomeCard(asked(consent, agent))
    const sent = await ports.deliveries.list(consent.id)
    await Promise.all(sent.map((delivery) => replace(delivery)))

    async function replace({ channel: name, reference }: Delivery): Promise<void> {
      const channel = channels.find((one) => one.name === name)
      if (!channel?.settle) return
      const { settle } = channel
      const replaced = await twice((signal) => settle(reference, card, signal))
      if (!replaced.ok)
        ports.log({
          level: 'warn',
          event: 'confirmation_not_replaced',
          message: `the answered question could not be changed in channel ${name}: ${faultText(replaced.error)}`,
          details: { channel: name, reference: card.reference.value },
        })
    }
  }

  async function twice<Value>(
    attempt: (signal: AbortSignal) => Promise<Result<Value, DeliveryFault>>,
  ): Promise<Result<Value, DeliveryFault>> {
    const first = await inTime(attempt)
    return !first.ok && mayPass(first.error) ? inTime(attempt) : first
  }

  /** Also against a channel that does not look at its signal. */
  async function inTime<Value>(
    attempt: (signal: AbortSignal) => Promise<Result<Value, DeliveryFault>>,
  ): Promise<Result<Value, DeliveryFault>> {
    const signal = AbortSignal.timeout(options.attemptMilliseconds ?? 5000)
    const over = new Promise<Result<Value, DeliveryFault>>((resolve) => {
      signal.addEventListener('abort', () =>
        resolve(fail({ kind: 'unreachable', detail: 'no answer in time' })),
      )
    })
    const thrown = (cause: unknown): Result<Value, DeliveryFault> => {
      ports.report(cause)
      return fail({ kind: 'unreachable', detail: 'a fault of the channel' })
    }
    return Promise.race([attempt(signal).catch(thrown), over])
  }

  /** Runs to its end whatever happens, and is waited for before closing. */
  function run(work: Promise<void>): Promise<void> {
    const quiet = work.catch(ports.report).finally(() => running.delete(quiet))
    running.add(quiet)
    return quiet
  }

  return {
    ask: (consent) =>
      run(
        ask(consent).catch((cause: unknown) => {
          undelivered(ports, consent, 'bug', [])
          throw cause
        }),
      ),
    async settled(consent) {
      void run(replaceMessages(consent))
    },
    async idle() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

const mayPass = ({ kind }: DeliveryFault): boolean => kind === 'unreachable' || kind === 'limited'

function faultText(fault: DeliveryFault): string {
  if (fault.kind === 'refused') return `refused (${fault.code})`
  return fault.kind === 'unreachable' ? `unreachable (${fault.detail})` : fault.kind
}

function undelivered(
  ports: NotifierPorts,
  consent: ConsentRequest,
  reason: 'person_unknown' | 'asked_too_often' | 'no_channel' | 'all_failed' | 'bug',
  faults: readonly string[],
): void {
  record(ports, consent, {
    event: 'confirmation_undelivered',
    outcome: reason === 'asked_too_often' ? 'denied' : 'error',
    denial_reason: reason,
    ...(faults.length > 0 ? { evidence: { tried: faults } } : {}),
  })
  ports.log({
    level: 'warn',
    event: 'confirmation_undelivered',
    message: `nobody was told of question ${requestReference(consent.id)} (${reason}); it waits on the person’s page`,
    details: { reason, tried: faults },
  })
}

function record(
  { audit }: NotifierPorts,
  consent: ConsentRequest,
  event: Pick<AuditEvent, 'event' | 'outcome' | 'denial_reason' | 'evidence'>,
): void {
  audit.record({
    reached: 'consent',
    agent_id: consent.agentId,
    client_id: consent.clientId,
    client_did: consent.clientDid,
    user_id: consent.userId,
    handshake_id: consent.handshake.id,
    consent_id: requestReference(consent.id),
    ...event,
  })
}
