import type { Random } from '@ath-protocol/types'

const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const randomDigits = 8

/**
 * Makes `evt_` ids that sort by time: 10 base-32 digits of milliseconds, 3 of a count within the millisecond, 8 random.
 * The count says nothing about traffic to whoever reads an id. Ids go on sorting when the clock steps back.
 */
export function createEventIds(random: Random): (milliseconds: number) => string {
  let last = 0
  let count = 0
  let stamp = ''
  let tail = ''
  return (milliseconds) => {
    if (milliseconds > last || count === 32 ** 3) {
      last = Math.max(milliseconds, last + 1)
      count = 0
      stamp = base32(last, 10)
      tail = randomTail(random)
    }
    return `evt_${stamp}${base32(count++, 3)}${tail}`
  }
}

function base32(value: number, length: number): string {
  let text = ''
  for (let left = value; text.length < length; left = Math.floor(left / 32))
    text = digits[left % 32] + text
  return text
}

function randomTail(random: Random): string {
  const bytes = Buffer.from(random.token(randomDigits), 'base64url')
  return Array.from(bytes, (byte) => digits[byte % 32]).join('')
}
