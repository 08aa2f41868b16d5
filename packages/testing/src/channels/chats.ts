/** The two chats that the demo shows: a door of their own, so that nothing else of the test kit is loaded with them. */
export { createFakeFeishu, type FakeFeishu } from './fake-feishu.ts'
export { feishuButtons } from './feishu-card.ts'
export { createFakeSlack, type FakeSlack } from './fake-slack.ts'
export { slackButtons } from './slack-blocks.ts'
