import { z } from 'zod'
import {
  durationPattern,
  ratePattern,
  readDuration,
  readRate,
  readSize,
  sizePattern,
  writeDuration,
  writeSize,
} from './quantity.ts'

/** What is wrong and what to write instead, in the one string that the schema library carries. */
const separator = '\u0000'
export const say = (problem: string, fix: string) => `${problem}${separator}${fix}`
export function unsay(message: string): { readonly problem: string; readonly fix?: string } {
  const [problem = message, fix] = message.split(separator)
  return fix === undefined ? { problem } : { problem, fix }
}

const wrongType = (kind: string, fix: string) => (issue: { readonly input?: unknown }) =>
  issue.input === undefined ? say('is missing', fix) : say(`is not ${kind}`, fix)

/** Any non-empty text; `example` is for the reference page. */
export const text = (fix = 'write a text', example = 'text') =>
  z
    .string({ error: wrongType('a text', fix) })
    .min(1, say('is empty', fix))
    .max(4096, say('is longer than 4096 characters', fix))
    .meta({ examples: [example] })

/** Text that is never printed. `writeOnly` says so in the JSON Schema. */
export const secret = () =>
  text('give the secret as ${VAR} or ${file:/path}', '"${file:/run/secrets/x}"').meta({
    title: 'secret',
    writeOnly: true,
  })

export const webUrl = (fix: string) =>
  z
    .string({ error: wrongType('a URL', fix) })
    .refine((value) => URL.canParse(value) && /^https?:\/\/[^/]/i.test(value), {
      error: say('is not an http(s) URL', fix),
      abort: true,
    })
    .refine((value) => new URL(value).username === '' && new URL(value).password === '', {
      error: say('holds a user name or password', 'put credentials under `auth`'),
    })
    .refine((value) => !/[?#]/.test(value), {
      error: say('has a query or fragment', 'write the URL without `?` and `#`'),
    })
    .meta({ title: 'URL' })

export const headerName = () =>
  z
    .string({ error: wrongType('a header name', 'write a header name like X-API-Key') })
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, say('is not a header name', 'like X-API-Key'))
    .meta({ title: 'header' })

/** A value that goes into a header: no line breaks, or it could add headers of its own. */
export const headerSafe = /^[\t\x20-\x7e\x80-\xff]*$/

export const duration = (min: string, max: string) =>
  z
    .string({ error: wrongType('a duration', 'write a number and a unit: 30s, 10m, 8h, 90d') })
    .regex(
      durationPattern,
      say('is not a duration', 'write a number and a unit: 30s, 10m, 8h, 90d'),
    )
    .transform((value, context) =>
      within(
        readDuration(value) ?? 0,
        readDuration(min) ?? 0,
        readDuration(max) ?? 0,
        context,
        writeDuration,
      ),
    )
    .meta({ title: 'duration', range: `${min} to ${max}` })

export const size = (min: string, max: string) =>
  z
    .string({ error: wrongType('a size', 'write a number and a unit: 64KiB, 10MiB, 1GiB') })
    .regex(sizePattern, say('is not a size', 'write a number and a unit: 64KiB, 10MiB, 1GiB'))
    .transform((value, context) =>
      within(readSize(value) ?? 0, readSize(min) ?? 0, readSize(max) ?? 0, context, writeSize),
    )
    .meta({ title: 'size', range: `${min} to ${max}` })

export const rate = () =>
  z
    .string({ error: wrongType('a rate', 'write a count per second, minute or hour: 30/minute') })
    .regex(ratePattern, say('is not a rate', 'write 10/second, 30/minute, 100/hour or none'))
    .transform((value) => readRate(value) ?? 'none')
    .meta({ title: 'rate' })

export const flag = () =>
  z
    .boolean({ error: wrongType('true or false', 'write true or false') })
    .meta({ title: 'true/false' })

export const integer = (min: number, max: number) =>
  z
    .int({ error: wrongType('a whole number', `write a whole number, ${min} to ${max}`) })
    .min(min, say('is too small', `write a whole number, ${min} to ${max}`))
    .max(max, say('is too large', `write a whole number, ${min} to ${max}`))
    .meta({ title: 'number' })

export const filePath = (fix: string, example: string) => text(fix, example).meta({ title: 'file' })

function within(
  amount: number,
  min: number,
  max: number,
  context: z.core.$RefinementCtx<string>,
  write: (amount: number) => string,
): number {
  if (amount >= min && amount <= max) return amount
  context.issues.push({
    code: 'custom',
    message: say(
      amount < min ? 'is too little' : 'is too much',
      `between ${write(min)} and ${write(max)}`,
    ),
    input: context.value,
  })
  return z.NEVER
}
