import type { Language } from '../pages/messages/say.ts'

const en = {
  banner: 'Development log-in. No passwords: whoever opens this page can be anybody.',
  skip: 'Go to the content',
  language: '中文',
  title: (client: string) => `Sign in to ${client}`,
  agentAsks: 'An agent asks',
  clientAsks: 'An application asks',
  client: 'Application',
  noName: 'without a name',
  agent: 'Agent',
  kind: 'Kind',
  address: 'Address',
  resource: 'For',
  goesTo: 'Answer goes to',
  proven: 'proven',
  unproven: 'not proven',
  provenText: 'The agent signed its registration with the key that is published at its address.',
  unprovenText: 'This is what the application says of itself. Nobody has checked it.',
  who: 'Who are you?',
  what: 'What may it do?',
  always: 'With it comes',
  deny: 'Deny',
  approve: 'Approve',
  openid: 'Know who you are',
  profile: 'Your name',
  email: 'Your mail address',
  offline_access: 'Keep working while you are away, until it is taken back',
  noPerson: 'Choose who you are.',
  nothing: 'Tick at least one box, or deny.',
  stopped: 'This request cannot be answered',
  client_unknown:
    'No application is registered under this `client_id`. Register it, or add it to the configuration.',
  redirect_unknown:
    'The `redirect_uri` is not one that the application registered. They are compared character by character.',
  repeated: 'The request names `client_id`, `redirect_uri` or `state` twice.',
  too_late:
    'This page is too old, was answered already, or belongs to another browser. Start again at the application.',
  other_host:
    'This page was opened under another host name than the configured one. Open the application at',
} as const

type Texts = {
  readonly [Key in keyof typeof en]: (typeof en)[Key] extends string ? string : (typeof en)[Key]
}

const zhCn: Texts = {
  banner: '开发用登录。没有密码：打开此页的任何人都可以冒充任何人。',
  skip: '跳到正文',
  language: 'English',
  title: (client) => `登录 ${client}`,
  agentAsks: '一个智能体请求授权',
  clientAsks: '一个应用请求授权',
  client: '应用',
  noName: '没有名称',
  agent: '智能体',
  kind: '类型',
  address: '地址',
  resource: '用于',
  goesTo: '结果发往',
  proven: '已证实',
  unproven: '未证实',
  provenText: '该智能体用其地址上公布的密钥签署了注册请求。',
  unprovenText: '这是该应用的自述，没有人核实过。',
  who: '您是谁？',
  what: '允许它做什么？',
  always: '同时包括',
  deny: '拒绝',
  approve: '同意',
  openid: '知道您是谁',
  profile: '您的姓名',
  email: '您的邮箱地址',
  offline_access: '在您离开时继续工作，直到授权被收回',
  noPerson: '请选择您是谁。',
  nothing: '请至少勾选一项，或者拒绝。',
  stopped: '无法处理此请求',
  client_unknown: '没有以此 `client_id` 注册的应用。请先注册，或写入配置。',
  redirect_unknown: '`redirect_uri` 不是该应用注册过的地址。两者逐字比较。',
  repeated: '请求中重复出现了 `client_id`、`redirect_uri` 或 `state`。',
  too_late: '此页已过期、已提交过，或属于另一个浏览器。请从应用重新开始。',
  other_host: '打开此页所用的主机名与配置的不同。请从这里打开应用：',
}

export const texts: Readonly<Record<Language, Texts>> = { en, 'zh-CN': zhCn }
