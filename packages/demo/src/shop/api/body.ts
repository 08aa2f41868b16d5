import type { Request } from 'express'
import { Refused } from '../refused.ts'

/** The JSON object that was sent. */
export function readObject({ body }: Request): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>
  throw new Refused(400, 'bad_request', 'send a JSON object, with `content-type: application/json`')
}

export function readItem(value: unknown): {
  readonly productId: string
  readonly quantity: number
} {
  const { product_id, quantity = 1 } = (value ?? {}) as Record<string, unknown>
  if (typeof product_id !== 'string')
    throw new Refused(400, 'bad_request', '`product_id` is the id of a product, as text')
  return { productId: product_id, quantity: readQuantity(quantity) }
}

export function readQuantity(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 99)
    return value
  throw new Refused(400, 'bad_request', '`quantity` is a whole number from 1 to 99')
}
