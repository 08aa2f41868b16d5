import { createHash } from 'node:crypto'
import { expectAll, type Step } from '../run/step.ts'
import { ledgerSha256 } from '../world/ledger.ts'
import { describeRefusal, refusalOf, type Stage } from './stage.ts'

const approvals = '/api/approval/list?state=open&state=urgent&page=1'

export const readApprovals: Step<Stage> = {
  name: 'oa_read',
  title: { en: 'read OA approvals (XML)', zh: '读取 OA 审批（XML）' },
  expected: '200, the bytes of the OA',
  async run({ session, world, text }) {
    const answer = await session('oa').call(approvals)
    const bytes = Buffer.from(await answer.arrayBuffer())
    const target = world.oa.received.at(-1)?.target
    return expectAll(
      `${answer.status}, ${bytes.length} bytes`,
      {
        'every byte is the OA’s': bytes.equals(world.oa.lastAnswer()),
        'the query arrived as it was': target === `/oa${approvals}`,
        'it is XML': answer.headers.get('content-type') === 'application/xml; charset=utf-8',
        'no cookie of the OA came along': answer.headers.getSetCookie().length === 0,
      },
      [
        text({
          en: `the OA was asked ${target}, over the gateway’s own log-in`,
          zh: `OA 收到 ${target}，登录会话由网关保管`,
        }),
      ],
    )
  },
}

export const approvalsAfterExpiry: Step<Stage> = {
  name: 'oa_login_again',
  title: { en: 'the OA forgets the log-in', zh: 'OA 登录过期' },
  expected: '200 after one new log-in',
  async run({ session, world }) {
    const before = world.oa.logins()
    world.oa.expireSessions()
    const answer = await session('oa').call(approvals)
    await answer.arrayBuffer()
    const logins = world.oa.logins() - before
    return expectAll(`${answer.status} after ${logins} new log-in`, {
      'it logged in once': logins === 1,
      'the answer is the list': answer.status === 200,
    })
  },
}

export const changeCustomer: Step<Stage> = {
  name: 'crm_write',
  title: { en: 'change a customer (OAuth)', zh: '修改客户（OAuth）' },
  expected: '200, changed by wang',
  async run({ office, obtain, keep, world, text }) {
    const session = keep(
      await obtain(
        office,
        { provider: 'crm', scopes: ['crm:read', 'crm:write'] },
        { approve: true },
      ),
    )
    const answer = await session.call('/api/customer/123', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'following_up' }),
    })
    const customer = (await answer.json()) as { readonly status?: unknown }
    const stored = world.crm.customer('123')
    return expectAll(
      `${answer.status}, changed by ${stored?.changed_by}`,
      {
        'the CRM has it': stored?.status === 'following_up' && customer.status === 'following_up',
        'in the name of the user': stored?.changed_by === 'wang',
      },
      [
        text({
          en: 'two pages: the gateway asked wang about the agent, the OAuth server about the gateway',
          zh: '两页：网关就智能体征求 wang 的同意，OAuth 服务器就网关征求同意',
        }),
      ],
    )
  },
}

export const streamLedger: Step<Stage> = {
  name: 'ledger_stream',
  title: { en: 'stream the ledger (5 MB CSV)', zh: '流式导出账目（5 MB CSV）' },
  expected: '5000000 bytes, SHA-256 equal, streamed',
  async run({ session, world, text }) {
    const startedAt = performance.now()
    const answer = await session('finance').call('/ledger.csv')
    const hash = createHash('sha256')
    let bytes = 0
    let firstMs = 0
    let sentAtFirst = Number.POSITIVE_INFINITY
    for await (const chunk of answer.body ?? []) {
      if (bytes === 0) {
        firstMs = performance.now() - startedAt
        sentAtFirst = world.finance.ledgerBytesSent()
      }
      hash.update(chunk)
      bytes += chunk.length
    }
    const allMs = performance.now() - startedAt
    const whole = hash.digest('hex') === ledgerSha256()
    return expectAll(
      `${bytes} bytes, SHA-256 ${whole ? 'equal' : 'differs'}`,
      {
        'all of it came': bytes === world.finance.ledgerBytes,
        'not a byte is different': whole,
        'it began before finance had sent it all': sentAtFirst < world.finance.ledgerBytes,
        'it is still CSV': answer.headers.get('content-type') === 'text/csv; charset=utf-8',
      },
      [
        text({
          en: `first bytes after ${Math.round(firstMs)} ms, last after ${Math.round(allMs)} ms`,
          zh: `首字节 ${Math.round(firstMs)} ms，末字节 ${Math.round(allMs)} ms`,
        }),
      ],
    )
  },
}

export const slowAndBroken: Step<Stage> = {
  name: 'upstream_trouble',
  title: { en: 'finance hangs, then breaks', zh: '财务系统超时、断开' },
  expected: '504 UPSTREAM_TIMEOUT, 502 UPSTREAM_ERROR',
  async run({ session, text }) {
    const slow = await refusalOf(session('finance').call('/report/slow'))
    const broken = await refusalOf(session('finance').call('/report/broken'))
    return expectAll(
      `${describeRefusal(slow)}, ${describeRefusal(broken)}`,
      {
        'too slow is 504': slow.status === 504 && slow.code === 'UPSTREAM_TIMEOUT',
        'broken is 502': broken.status === 502 && broken.code === 'UPSTREAM_ERROR',
        'both may be tried again': slow.retryable && broken.retryable,
      },
      [
        text({
          en: `${slow.message}; ${broken.message}`,
          zh: `${slow.message}；${broken.message}`,
        }),
      ],
    )
  },
}
