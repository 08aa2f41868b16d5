import type { AthPorts, RateLimits } from '@ath-protocol/server'
import { openMailer } from '../adapters/smtp/mailer.ts'
import { type LogLine, systemClock, systemRandom } from '@ath-protocol/server/parts'
import { type Channels, openChannels } from '../channels/open-channels.ts'
import type { PressPorts } from '../channels/press.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { Core } from './core.ts'

/** The ways in which people are asked, beside the gateway's own pages. */
export function openConfirm(
  config: GatewayConfig,
  core: Core,
  limits: RateLimits,
  log: (line: LogLine) => void,
): Channels {
  const { store, outbound, audit, report } = core
  if (config.ath.nineStep && config.confirm.channels.length === 0)
    log({
      level: 'warn',
      event: 'no_confirm_channel',
      message: `no channel is configured under confirm.channels: people learn of questions only on ${config.ath.baseUrl}/me or by athx inbox`,
    })
  return openChannels(config.confirm, {
    config: config.ath,
    clock: systemClock,
    random: systemRandom,
    registry: store.registry,
    consents: store.consents,
    logins: store.logins,
    identities: store.channelIdentities,
    deliveries: store.deliveries,
    limits,
    audit,
    fetch: outbound.fetch,
    openMailer,
    log,
    report: (cause) => report(cause, undefined),
  })
}

/** What a button of a channel decides with. */
export const pressPorts = (ports: AthPorts, { store }: Core): PressPorts => ({
  ...ports,
  identities: store.channelIdentities,
  logins: store.logins,
  callbacks: store.replay,
})
