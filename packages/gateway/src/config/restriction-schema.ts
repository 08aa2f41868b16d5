import { parseCidr, parseHours, parseRate, restrictionsSchema } from '@ath-protocol/types'
import { z } from 'zod'
import { say } from './fields.ts'

const notText = (fix: string) => ({ error: say('is not a text', fix) })

/** What limits a permission beside its scopes (U13): the rules of `restrictionsSchema`, said to whoever edits the file. */
export const restrictions = z
  .strictObject({
    ip_whitelist: z
      .array(
        z
          .string(notText('write CIDR, like 10.0.0.0/8'))
          .refine((cidr) => parseCidr(cidr) !== undefined, {
            error: say('is not a network', 'write CIDR with the network’s own address: 10.0.0.0/8'),
          })
          .meta({ title: 'network' }),
      )
      .min(1, say('is empty, so nobody could call', 'name a network, like 10.0.0.0/8'))
      .max(100)
      .optional()
      .describe('Networks from which agents may call, v4 and v6.'),
    access_time: z
      .string(notText('write hours, like 9:00-18:00'))
      .refine((hours) => parseHours(hours) !== undefined, {
        error: say('is not a span of hours', 'write it like 9:00-18:00'),
      })
      .meta({ title: 'hours', examples: ['9:00-18:00'] })
      .optional()
      .describe('Hours of the day in which agents may call; may go over midnight.'),
    access_timezone: z
      .string(notText('write an IANA zone, like Asia/Shanghai'))
      .refine((zone) => restrictionsSchema.shape.access_timezone.safeParse(zone).success, {
        error: say('is not a time zone', 'write an IANA name, like Asia/Shanghai'),
      })
      .meta({ title: 'time zone', examples: ['Asia/Shanghai'] })
      .optional()
      .describe('The time zone of `access_time`. Default UTC.'),
    rate_limit: z
      .string(notText('write a rate, like 100/minute'))
      .refine((rate) => parseRate(rate) !== undefined, {
        error: say('is not a rate', 'write 10/second, 100/minute, 1000/hour or 5000/day'),
      })
      .meta({ title: 'rate', examples: ['100/minute'] })
      .optional()
      .describe('Calls of one agent for one person at one provider.'),
    order_amount_limit: z
      .number({ error: say('is not a number', 'write the amount, like 5000') })
      .min(0, say('is too small', 'write 0 or more'))
      .max(1e15, say('is too large', 'write at most 1000000000000000'))
      .meta({ title: 'number', examples: [5000] })
      .optional()
      .describe('The most one order may cost. Each provider must say under `amounts` where it is.'),
  })
  .superRefine(({ access_time, access_timezone }, context) => {
    if (access_timezone === undefined || access_time !== undefined) return
    context.issues.push({
      code: 'custom',
      path: ['access_timezone'],
      message: say('has no effect without access_time', 'add access_time: 9:00-18:00'),
      input: undefined,
    })
  })

/** Where a provider's requests say what an order costs. */
export const amountEntry = z.strictObject({
  field: z
    .string(notText('write a JSON pointer, like /total'))
    .max(512, say('is longer than 512 characters', 'write a JSON pointer, like /total'))
    .regex(
      /^(?:\/(?:[^~/]|~[01])*)+$/,
      say('is not a JSON pointer (RFC 6901)', 'write it like /order/total'),
    )
    .meta({ title: 'JSON pointer', examples: ['/total'] })
    .describe('Where in the JSON body the amount is (RFC 6901).'),
})
