import { createHmac } from 'node:crypto'

/** A Feishu custom bot's signature: HMAC-SHA256 of nothing, with `<timestamp in seconds>\n<secret>` as its key. */
export const signFeishuBot = (secret: string, timestamp: string): string =>
  createHmac('sha256', `${timestamp}\n${secret}`).digest('base64')

/** A DingTalk robot's signature: HMAC-SHA256 of `<timestamp in milliseconds>\n<secret>`, with the secret as its key. */
export const signDingtalk = (secret: string, timestamp: string): string =>
  createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64')
