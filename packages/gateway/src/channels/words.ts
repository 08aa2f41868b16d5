import type { Language } from '@ath-protocol/server/parts'

/** What a message in a channel says, beside what comes from the question itself. */
export interface ChannelWords {
  readonly title: (agent: string) => string
  readonly asks: string
  readonly developer: string
  readonly saysItself: string
  readonly namedHere: string
  readonly address: string
  readonly askedOf: string
  readonly words: string
  readonly may: string
  readonly limits: string
  readonly lasts: (duration: string) => string
  readonly until: string
  readonly risk: string
  readonly risks: Readonly<Record<'low' | 'medium' | 'high', string>>
  readonly reference: string
  readonly approve: string
  readonly deny: string
  readonly review: string
  readonly onlyThere: Readonly<Record<'low' | 'medium' | 'high', string>>
  readonly unexpected: string
  readonly more: (count: number) => string
  readonly approved: (agent: string) => string
  readonly denied: (agent: string) => string
  readonly expired: (agent: string) => string
  readonly takeBack: string
  readonly pressedByOther: string
  readonly gone: string
}

const en: ChannelWords = {
  title: (agent) => `${agent} asks to act for you`,
  asks: 'Who is asking',
  developer: 'Developer',
  saysItself: 'says about itself',
  namedHere: 'known to your administrator',
  address: 'Address',
  askedOf: 'Asked of',
  words: 'What for, in the agent’s own words (not checked by us)',
  may: 'What it may do',
  limits: 'Limits',
  lasts: (duration) => `for ${duration} at most`,
  until: 'Answer until',
  risk: 'Risk',
  risks: { low: 'low', medium: 'medium', high: 'high' },
  reference: 'Reference',
  approve: 'Approve',
  deny: 'Deny',
  review: 'Review',
  onlyThere: {
    low: 'Answer on the page behind Review; there you can also allow less.',
    medium: 'Answer on the page behind Review; there you can also allow less.',
    high: 'High risk: answer on the page behind Review, with your passkey.',
  },
  unexpected: 'Not expected? Choose Deny, or do nothing: without an answer nothing is allowed.',
  more: (count) => `and ${count} more, listed on the page`,
  approved: (agent) => `You allowed it: ${agent} may now act for you`,
  denied: (agent) => `You said no: ${agent} did not get access`,
  expired: (agent) => `Expired: nobody answered in time, so ${agent} got nothing`,
  takeBack: 'You can take it back at any time:',
  pressedByOther: 'We could not tell that it is you. Nothing was decided; please answer here:',
  gone: 'There is no open question here. Nothing was decided.',
}

const zhCn: ChannelWords = {
  title: (agent) => `${agent} 请求代您操作`,
  asks: '谁在请求',
  developer: '开发者',
  saysItself: '自述',
  namedHere: '已由管理员登记',
  address: '地址',
  askedOf: '请求对象',
  words: '用途（智能体的原话，未经我们核实）',
  may: '它可以做什么',
  limits: '限制',
  lasts: (duration) => `最长 ${duration}`,
  until: '请在此之前回答',
  risk: '风险',
  risks: { low: '低', medium: '中', high: '高' },
  reference: '编号',
  approve: '同意',
  deny: '拒绝',
  review: '查看',
  onlyThere: {
    low: '请点“查看”，在页面上回答；在那里也可以只允许一部分。',
    medium: '请点“查看”，在页面上回答；在那里也可以只允许一部分。',
    high: '高风险：请点“查看”，在页面上用通行密钥回答。',
  },
  unexpected: '没有想到会收到？请选择“拒绝”，或不作回答：不回答就不会授予任何权限。',
  more: (count) => `另有 ${count} 项，见页面`,
  approved: (agent) => `您已同意：${agent} 现在可以代您操作`,
  denied: (agent) => `您已拒绝：${agent} 没有获得访问权限`,
  expired: (agent) => `已过期：没有在有效时间内回答，${agent} 没有获得任何权限`,
  takeBack: '您可以随时收回：',
  pressedByOther: '我们无法确认是您本人。尚未作出任何决定，请在这里回答：',
  gone: '这里没有待回答的请求，没有作出任何决定。',
}

export const channelWords: Readonly<Record<Language, ChannelWords>> = { en, 'zh-CN': zhCn }
