import { fail, ok, type Result } from '../result.ts'
import { inNetwork, type Network, parseAddress, parseCidr } from './cidr.ts'
import { type Hours, includesMinute, parseHours } from './hours.ts'
import { parseRate, type Rate, type Restrictions } from './restrictions.ts'

/** Why a restriction refuses a call. `rule` is what the restriction says: agents may know it (U13). */
export interface RestrictionFault {
  readonly kind: 'outside_network' | 'outside_hours' | 'amount_over_limit' | 'amount_unreadable'
  readonly rule: string
}

/** Restrictions made ready for calls: made once per grant, asked on every call. */
export interface CompiledRestrictions {
  /** Synchronous: the hot path asks it. `now` in Unix seconds. */
  check(call: { readonly ip: string; readonly now: number }): Result<void, RestrictionFault>
  /** Whether an order of this amount may be made. NaN stands for an amount that cannot be read. */
  checkAmount(amount: number): Result<void, RestrictionFault>
  readonly limitsAmount: boolean
  /** The rates that calls of this grant count against. */
  readonly rates: readonly Rate[]
}

/** All of `list` must hold. Throws on text that `restrictionsSchema` would not have let in. */
export function compileRestrictions(list: readonly Restrictions[]): CompiledRestrictions {
  const networks = list.flatMap(({ ip_whitelist: cidrs }) =>
    cidrs === undefined ? [] : [networkCheck(cidrs)],
  )
  const hours = list.flatMap(({ access_time: text, access_timezone: zone = 'UTC' }) =>
    text === undefined ? [] : [hoursCheck(text, zone)],
  )
  const limits = list.flatMap(({ order_amount_limit: limit }) =>
    limit === undefined ? [] : [limit],
  )
  const amount = limits.length === 0 ? undefined : Math.min(...limits)
  // One rate said twice is still one: counted twice it would be half.
  const rateTexts = new Set(
    list.flatMap(({ rate_limit: rate }) => (rate === undefined ? [] : [rate])),
  )
  const rates = [...rateTexts].map((rate) => must(parseRate(rate), rate))
  return {
    check({ ip, now }) {
      for (const check of networks) {
        const fault = check(ip)
        if (fault) return fail(fault)
      }
      for (const check of hours) {
        const fault = check(now)
        if (fault) return fail(fault)
      }
      return ok(undefined)
    },
    checkAmount(value) {
      if (amount === undefined) return ok(undefined)
      // No order costs less than nothing; whoever says so has another meaning of the field than we have.
      if (!Number.isFinite(value) || value < 0)
        return fail({ kind: 'amount_unreadable', rule: `order_amount_limit ${amount}` })
      return value <= amount
        ? ok(undefined)
        : fail({ kind: 'amount_over_limit', rule: `order_amount_limit ${amount}` })
    },
    limitsAmount: amount !== undefined,
    rates,
  }
}

function networkCheck(cidrs: readonly string[]): (ip: string) => RestrictionFault | undefined {
  const networks: readonly Network[] = cidrs.map((cidr) => must(parseCidr(cidr), cidr))
  const fault: RestrictionFault = {
    kind: 'outside_network',
    rule: `ip_whitelist ${cidrs.join(', ')}`,
  }
  // Agents call from few addresses; parsing one costs more than looking it up.
  const known = new Map<string, boolean>()
  return (ip) => {
    let inside = known.get(ip)
    if (inside === undefined) {
      const address = parseAddress(ip)
      inside = address !== undefined && networks.some((network) => inNetwork(address, network))
      if (known.size >= 1000) known.clear()
      known.set(ip, inside)
    }
    return inside ? undefined : fault
  }
}

function hoursCheck(text: string, zone: string): (now: number) => RestrictionFault | undefined {
  const hours: Hours = must(parseHours(text), text)
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const fault: RestrictionFault = { kind: 'outside_hours', rule: `access_time ${text} ${zone}` }
  // Formatting a date costs microseconds: once a minute is enough.
  let minute = Number.NaN
  let inside = false
  return (now) => {
    const at = Math.floor(now / 60)
    if (at !== minute) {
      const [hour, past] = format.format(at * 60_000).split(':')
      inside = includesMinute(hours, Number(hour) * 60 + Number(past))
      minute = at
    }
    return inside ? undefined : fault
  }
}

function must<T>(value: T | undefined, text: string): T {
  if (value === undefined) throw new TypeError(`not a restriction: ${text}`)
  return value
}
