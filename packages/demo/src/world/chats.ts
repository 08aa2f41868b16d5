import { randomBytes } from 'node:crypto'
import {
  createFakeFeishu,
  createFakeSlack,
  type FakeFeishu,
  type FakeSlack,
} from '@sallyport/testing/chats'

/** Where the company's people talk: local counterparts, as strict as the vendors, each with a page that shows its cards. */
export interface Chats {
  readonly feishu: FakeFeishu
  readonly slack: FakeSlack
  close(): Promise<void>
}

/** Wang is in both, by the e-mail address of the company log-in. */
export async function startChats(options: {
  /** Where the gateway hears of what was pressed in a channel. */
  readonly callbackUrl: (channel: string) => string
}): Promise<Chats> {
  const secret = () => randomBytes(16).toString('hex')
  const email = 'wang@blueharbour.example'
  const [feishu, slack] = await Promise.all([
    createFakeFeishu({
      appId: 'cli_blueharbour',
      appSecret: secret(),
      encryptKey: secret(),
      verificationToken: secret(),
      people: [{ openId: 'ou_wang', email }],
      callbackUrl: options.callbackUrl('feishu'),
    }),
    createFakeSlack({
      botToken: `xoxb-${secret()}`,
      signingSecret: secret(),
      people: [{ id: 'U0WANG', teamId: 'T0BLUE', email }],
      callbackUrl: options.callbackUrl('slack'),
    }),
  ])
  return {
    feishu,
    slack,
    close: async () => {
      await Promise.all([feishu.close(), slack.close()])
    },
  }
}
