import { type AthPlace, readBaseUrl } from '@ath-protocol/client'
import { findSource, type Sources } from './setting-source.ts'
import { UsageError } from './usage-error.ts'

/** Where a run speaks to: a gateway, or a service that speaks ATH itself (native mode). */
export interface Place {
  readonly native: boolean
  /** Without trailing slash. */
  readonly base: string
}

const levels = ['flag', 'environment', 'config'] as const

/**
 * The place of this run. A flag decides before the environment, and that before the config; at each of them `mode`
 * decides between a service and a gateway, and without it whichever is named.
 */
export function findPlace(context: Sources): Place {
  const known = {
    mode: findSource(context, 'mode'),
    service: findSource(context, 'service'),
    gateway: findSource(context, 'gateway'),
  }
  for (const level of levels) {
    const at = (name: keyof typeof known) => known[name]?.level === level
    if (at('mode')) return readPlace(context, readMode(known.mode?.value ?? ''))
    if (at('service') && at('gateway'))
      throw new UsageError(
        `both a service and a gateway are set (${level})`,
        'say which: --mode native or --mode gateway',
      )
    if (at('service')) return readPlace(context, 'native')
    if (at('gateway')) return readPlace(context, 'gateway')
  }
  throw new UsageError(
    'no gateway was given',
    'add --gateway <url>, or --service <url> for an app that speaks ATH itself; ATH_GATEWAY, ATH_SERVICE and `athx config set` do the same',
  )
}

/** As the client takes it. */
export const athPlace = ({ native, base }: Place): AthPlace =>
  native ? { service: base } : { gateway: base }

/** What this kind of place is called in documents and messages. */
export const placeName = ({ native }: Pick<Place, 'native'>): 'service' | 'gateway' =>
  native ? 'service' : 'gateway'

export type Mode = 'gateway' | 'native'

export function readMode(text: string): Mode {
  if (text === 'gateway' || text === 'native') return text
  throw new UsageError(`not a mode: ${text}`, 'use gateway or native')
}

/** Whether nobody but this machine is reached there. */
export function isOnThisMachine(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** What was meant where only the scheme is missing, as in `localhost:3000`. */
function wholeUrl(value: string): string | undefined {
  const url = `http://${value}`
  return /^[^/?#@]+:\d+(?:\/|$)/.test(value) && URL.canParse(url) && isOnThisMachine(url)
    ? url
    : undefined
}

function readPlace(context: Sources, mode: Mode): Place {
  const name = mode === 'native' ? 'service' : 'gateway'
  const value = findSource(context, name)?.value
  if (value === undefined)
    throw new UsageError(
      `no ${name} was given`,
      `add --${name} <url>, set ATH_${name.toUpperCase()}, or: athx config set ${name} <url>`,
    )
  const url = context.config.gateways[value] ?? value
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new UsageError(
      `neither a URL nor the name of a ${name}: ${value}`,
      mode === 'native'
        ? `write it like ${wholeUrl(value) ?? 'http://localhost:3000'}`
        : 'write it whole, like https://gw.example, or name one: athx config set-gateway <name> <url>',
    )
  return { native: mode === 'native', base: readBaseUrl(url, name) }
}
