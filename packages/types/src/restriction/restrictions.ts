import { z } from 'zod'
import { parseCidr } from './cidr.ts'
import { parseHours } from './hours.ts'

/** `N/second`, `N/minute`, `N/hour`, `N/day`. */
const rateForm = /^([1-9][0-9]{0,8})\/(second|minute|hour|day)$/
const seconds = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const

const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/**
 * What limits a permission beyond its scopes (U13), with the names of the wire. Strict: a restriction that nobody here
 * enforces must not be promised, so an unknown one does not load.
 */
export const restrictionsSchema = z.strictObject({
  /** Networks (CIDR, v4 and v6) from which the agent may call. */
  ip_whitelist: z
    .array(z.string().refine((cidr) => parseCidr(cidr) !== undefined, 'not a network in CIDR'))
    .min(1)
    .max(100)
    .optional(),
  /** Hours of the day, `9:00-18:00`; from the first minute up to, not including, the last. May wrap midnight. */
  access_time: z
    .string()
    .refine((hours) => parseHours(hours) !== undefined, 'not hours like 9:00-18:00')
    .optional(),
  /** IANA time zone of `access_time`; default UTC. */
  access_timezone: z.string().max(64).refine(isZone, 'not an IANA time zone').optional(),
  /** Calls of one grant in a time: `100/minute`. */
  rate_limit: z.string().regex(rateForm, 'not a rate like 100/minute').optional(),
  /** The most that one order may cost. Enforced where the configuration says in which field the amount is. */
  order_amount_limit: z.number().nonnegative().max(1e15).optional(),
})
export type Restrictions = z.infer<typeof restrictionsSchema>

export interface Rate {
  readonly count: number
  readonly perSeconds: number
}

export function parseRate(text: string): Rate | undefined {
  const match = rateForm.exec(text)
  if (!match) return undefined
  return { count: Number(match[1]), perSeconds: seconds[match[2] as keyof typeof seconds] }
}

/** Several restrictions that all hold, each once. */
export function distinctRestrictions(
  lists: readonly (Restrictions | undefined)[],
): readonly Restrictions[] {
  const seen = new Map<string, Restrictions>()
  for (const restrictions of lists)
    if (restrictions && Object.keys(restrictions).length > 0)
      seen.set(
        JSON.stringify(
          Object.entries(restrictions).sort(([one], [other]) => (one < other ? -1 : 1)),
        ),
        restrictions,
      )
  return [...seen.values()]
}
