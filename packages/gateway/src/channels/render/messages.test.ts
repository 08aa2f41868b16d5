import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AthConfig, ConsentRequest, Risk } from '@ath-protocol/server'
import fc from 'fast-check'
import { type Asked, outcomeCard, questionCard } from '../card.ts'
import { escapeDingtalk, renderDingtalk } from './dingtalk.ts'
import { renderEmail } from './email.ts'
import { escapeLarkMd, renderFeishu, renderFeishuOutcome } from './feishu.ts'
import { escapeMrkdwn, renderSlack, renderSlackOutcome } from './slack.ts'
import { renderTeams } from './teams.ts'
import { renderWebhook, renderWebhookOutcome } from './webhook.ts'
import { renderWecom, renderWecomOutcome } from './wecom.ts'

const now = 1_795_305_600
const risks: readonly Risk[] = ['low', 'medium', 'high']
const languages = ['en', 'zh-CN'] as const

const config = {
  baseUrl: 'https://gw.example.com',
  providers: new Map([
    [
      'oa',
      {
        id: 'oa',
        displayName: 'Office approvals',
        scopes: [
          { name: 'oa:high', description: 'Release payments', risk: 'high' },
          { name: 'oa:low', description: 'Read approvals', risk: 'low' },
          { name: 'oa:medium', risk: 'medium' },
        ],
        authMode: 'none',
        consentPage: true,
      },
    ],
  ]),
} as unknown as AthConfig

function asked(
  risk: Risk,
  language: Asked['language'],
  changes: Partial<ConsentRequest> = {},
): Asked {
  const offered = risks
    .slice(0, risks.indexOf(risk) + 1)
    .map((name) => ({ providerId: 'oa', name: `oa:${name}` }))
  return {
    config,
    language,
    now,
    channel: { name: 'chat', hasButtons: true },
    agent: { name: 'Travel <agent> & co', developer: { name: 'Example *Ltd*', id: 'example' } },
    person: {
      id: 'usr_wang',
      issuer: 'https://idp.corp.example',
      subject: 'wang',
      name: '王芳',
      email: 'wang@corp.example',
    },
    consent: {
      id: 'cns_0123456789012345678901234567890123456789012',
      handshake: { kind: 'nine_step', id: 'ath_hs_1' },
      clientId: 'ath_1',
      agentId: 'did:key:z6MkTravel',
      clientDid: 'did:key:z6MkTravel',
      userId: 'usr_wang',
      requested: offered,
      offered,
      words: 'Book the trip & pay <now>: [here](https://evil.example) @all',
      risk,
      restrictions: [
        {
          ip_whitelist: ['10.0.0.0/8'],
          access_time: '9:00-18:00',
          access_timezone: 'Asia/Shanghai',
        },
      ],
      longestSeconds: 28_800,
      createdAt: now,
      expiresAt: now + 300,
      ...changes,
    },
  }
}

const renderers = {
  slack: renderSlack,
  teams: renderTeams,
  feishu: renderFeishu,
  dingtalk: renderDingtalk,
  wecom: renderWecom,
  email: renderEmail,
  webhook: (card) => renderWebhook(card, now),
} satisfies Record<string, (card: ReturnType<typeof questionCard>) => object>

for (const [channel, render] of Object.entries(renderers))
  for (const language of languages)
    for (const risk of risks)
      test(`${channel} shows a question of ${risk} risk in ${language}`, (t) => {
        t.assert.snapshot(render(questionCard(asked(risk, language))))
      })

test('an agent whose DID the operator bound to its key does not only say itself who it is', () => {
  const card = (pinned: string) => {
    const nineStep = { pinnedDids: [{ did: pinned }] }
    const one = asked('low', 'en')
    const known = { ...one, config: { ...config, nineStep } as unknown as AthConfig }
    return questionCard(known).facts.map(({ value }) => value)
  }
  assert.match(card('did:key:z6MkTravel')[0] ?? '', /\(known to your administrator\)$/)
  assert.match(card('did:key:z6MkTravel')[2] ?? '', /\(known to your administrator\)$/)
  assert.match(card('did:key:z6MkOther')[0] ?? '', /\(says about itself\)$/)
})

for (const language of languages)
  for (const outcome of ['approved', 'denied', 'expired'] as const)
    test(`what became of a question is shown in ${language}: ${outcome}`, (t) => {
      const decision = {
        approved: outcome === 'approved',
        userId: 'usr_wang',
        scopes: [],
        lifetimeSeconds: 0,
        method: 'session',
        decidedAt: now,
      } as const
      const card = outcomeCard(asked('low', language, outcome === 'expired' ? {} : { decision }))
      t.assert.snapshot({
        slack: renderSlackOutcome(card),
        feishu: renderFeishuOutcome(card),
        wecom: renderWecomOutcome(card),
        webhook: renderWebhookOutcome('cns_1', card, now),
      })
    })

test('the riskiest permission stands last, before the buttons', () => {
  const { may } = questionCard(asked('high', 'en'))
  assert.deepEqual(may.lines, [
    'Read approvals (oa:low)',
    'oa:medium',
    'Release payments (oa:high)',
  ])
})

test('[U7] buttons stand only where all that they allow is shown, in a channel that can bring them back', () => {
  const many = Array.from({ length: 11 }, () => ({ providerId: 'oa', name: 'oa:low' }))
  assert.equal(questionCard(asked('low', 'en')).hasButtons, true)
  assert.equal(questionCard(asked('low', 'en', { offered: many })).hasButtons, false)
  assert.equal(questionCard(asked('medium', 'en')).hasButtons, false)
  assert.equal(questionCard(asked('high', 'en')).hasButtons, false)
  const oneWay = { ...asked('low', 'en'), channel: { name: 'mail', hasButtons: false } }
  assert.equal(questionCard(oneWay).hasButtons, false)
})

test('long words and names are cut as people count characters, and the rest is on the page', () => {
  const card = questionCard(asked('low', 'en', { words: '👩‍👩‍👧'.repeat(1000) }))
  assert.ok((card.words?.value.length ?? 0) < 280 * 9)
  assert.ok(card.words?.value.endsWith('…'))
})

test('a question without words says nothing in the agent’s name', () => {
  const { words: _, ...consent } = asked('low', 'en').consent
  assert.equal(questionCard({ ...asked('low', 'en'), consent }).words, undefined)
})

test('whatever somebody writes, no vendor reads it as markup, and what is read is what was written', () => {
  const entity = /&#(\d+);/g
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.doesNotMatch(escapeMrkdwn(text), /[<>]/)
      const lark = escapeLarkMd(text)
      assert.doesNotMatch(lark.replace(entity, ''), /[*_~`<>[\]()#!&\\|:/@]/)
      assert.equal(
        lark.replace(entity, (_, code: string) => String.fromCodePoint(Number(code))),
        text,
      )
      const ding = escapeDingtalk(text)
      assert.doesNotMatch(ding, /[*_~`<>[\]#!&\\|@]/)
      assert.equal(ding.normalize('NFKC'), text.normalize('NFKC'))
    }),
  )
})
