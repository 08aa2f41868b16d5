import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type Browser,
  createFakeFeishu,
  createFakeSlack,
  type FakeFeishu,
  type FakeSlack,
  openBrowser,
} from '@sallyport/testing'
import { type ChannelWorld, openChannelWorld } from './world.ts'

const keys = {
  appId: 'cli_1',
  appSecret: 's',
  encryptKey: 'k',
  verificationToken: 'v',
}

let browser: Browser
let slack: FakeSlack
let feishu: FakeFeishu
let world: ChannelWorld

before(async () => {
  slack = await createFakeSlack({
    botToken: 'xoxb-1',
    signingSecret: 's',
    people: [{ id: 'U1', teamId: 'T1', email: 'wang@corp.example' }],
  })
  feishu = await createFakeFeishu({
    ...keys,
    people: [{ openId: 'ou_lin', email: 'lin@corp.example' }],
  })
  world = await openChannelWorld({
    channels: [
      {
        kind: 'slack',
        name: 'slack',
        baseUrl: slack.baseUrl,
        botToken: 'xoxb-1',
        signingSecret: 's',
      },
      { kind: 'feishu', name: 'feishu', baseUrl: feishu.origin, ...keys },
    ],
  })
  slack.options.callbackUrl = world.callbackUrl('slack')
  feishu.options.callbackUrl = world.callbackUrl('feishu')
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await world.close()
  await slack.close()
  await feishu.close()
})

test('[D15] a person clicks Approve in Slack, another in Feishu, and each sees the outcome in place of the question', async () => {
  const page = await browser.newPage()
  for (const [vendor, userId, outcome] of [
    [slack, world.wang.id, 'You allowed it: Travel agent may now act for you'],
    [feishu, world.lin.id, 'You allowed it: Travel agent may now act for you'],
  ] as const) {
    const consent = await world.ask({ userId })
    await page.goto(vendor.origin)
    assert.match((await page.textContent('article')) ?? '', /Travel agent asks to act for you/)
    await Promise.all([
      page.waitForNavigation(),
      page.getByRole('button', { name: 'Approve' }).click(),
    ])
    await world.channels.idle()
    await page.goto(vendor.origin)
    assert.ok((await page.textContent('article'))?.includes(outcome))
    assert.equal(await page.getByRole('button').count(), 0)
    assert.equal((await world.now(consent))?.decision?.approved, true)
  }
  await page.close()
})
