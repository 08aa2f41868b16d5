import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { UserId } from '@ath-protocol/types'
import { type Browser, openBrowser, type Page } from '@sallyport/testing'
import { askPerson, nineStepConfig } from './ask-person.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { serve } from './serve.ts'

let browser: Browser
let gateway: TestGateway
let wang: UserId

before(async () => {
  gateway = await startGateway({ kind: 'dev', user: 'Wang Xiao' }, { config: nineStepConfig })
  browser = await openBrowser()
  await (await openPage()).goto(`${gateway.url}/me`)
  wang = [...gateway.logins.sessions.values()][0]?.userId ?? ''
})
after(async () => {
  await browser?.close()
  await gateway?.close()
})

/** A person's own browser, without scripts: nothing but the passkey needs them. */
async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options })
  context.setDefaultTimeout(10_000)
  return context.newPage()
}
async function go(page: Page, selector: string) {
  const [response] = await Promise.all([page.waitForNavigation(), page.click(selector)])
  return response
}
const approve = (page: Page) => go(page, 'button[value=approve]')
const deny = (page: Page) => go(page, 'button[value=deny]')
const title = (page: Page) => page.textContent('h1')
const decisionOf = async (id: string) => (await gateway.ports.consents.find(id))?.decision

/** The person opens the question that an agent has for them. */
async function open(options: Parameters<typeof askPerson>[2] = {}) {
  const asked = await askPerson(gateway, wang, options)
  const page = await openPage()
  await page.goto(asked.page)
  return { ...asked, url: asked.page, page }
}

test('[U7] a person who reached the page under another name of this machine, in another language, sees there how it ended', async () => {
  const { consent } = await askPerson(gateway, wang)
  const page = await openPage()
  await page.goto(
    `${gateway.url.replace('127.0.0.1', 'localhost')}/ath/confirm/${consent.id}?lang=zh-CN`,
  )
  await deny(page)
  assert.equal(new URL(page.url()).hostname, 'localhost')
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
  assert.equal((await decisionOf(consent.id))?.approved, false)
})

test('[U7] [D13] the page says who asks, what for, what it will be able to do, within which limits, and what not', async () => {
  const { page, consent, agent } = await open({
    scopes: ['oa:delete', 'oa:write', 'crm:write', 'oa:read'],
    context: 'To clear your approvals before the holiday.',
  })
  assert.equal(
    await title(page),
    'Let AI Office Assistant use Blue Harbour Office and Blue Harbour CRM for you?',
  )
  const who = (await page.textContent('section:has(#who)')) ?? ''
  assert.match(who, /AI Office Assistant says about itself/)
  assert.ok(who.includes(agent.did))
  assert.match(who, /✓ checked by signature/)
  assert.match(who, /Example Agents Ltd example-agents says about itself/)
  assert.equal(await page.textContent('blockquote'), 'To clear your approvals before the holiday.')
  assert.match((await page.textContent('section:has(#for)')) ?? '', /agent’s own words/)
  const rows = await page.locator('.scopes li').allTextContents()
  assert.deepEqual(
    rows.map((row) => /^\s*(.+?)(?=oa:|write|at )/.exec(row)?.[1]),
    ['Read approvals', 'Decide approvals', 'Change customers', 'Delete approvals for good'],
  )
  assert.match(rows[0] ?? '', /at Blue Harbour Office/)
  assert.match(rows[3] ?? '', /High risk/)
  assert.equal(await page.isChecked('[name="scope oa:delete"]'), false)
  assert.equal(await page.isChecked('[name="scope crm:write"]'), true)
  assert.deepEqual(await page.locator('section:has(#limits) li').allTextContents(), [
    'At most 100 calls per minute',
    'Only from 9:00 to 18:00 (Asia/Shanghai)',
    'Only from the network 10.0.0.0/8',
  ])
  assert.deepEqual(await page.locator('.cannot li').allTextContents(), [
    'Manage users and their rights',
    'See your password or your sign-in',
  ])
  const reference = /req_[A-Za-z0-9_-]{16}/.exec((await page.textContent('main')) ?? '')?.[0]
  assert.ok(reference)
  assert.ok(!(await page.content()).includes(consent.handshake.id))
  const { json } = await agent.poll()
  assert.equal(json['request_id'], reference)
})

test('[U6] [U14] what the service refused, and what the person did not allow ahead, cannot be ticked', async () => {
  const { page, agent } = await open({
    scopes: ['oa:read', 'oa:write', 'oa:users'],
    ahead: ['oa:read', 'oa:users'],
  })
  const rows = await page.locator('.scopes li').allTextContents()
  assert.match(rows[1] ?? '', /Decide approvals.*✕ More than you allowed ahead/)
  assert.match(rows[2] ?? '', /Manage users and their rights.*✕ The service said no/)
  for (const scope of ['oa:write', 'oa:users'])
    assert.equal(await page.isDisabled(`[name="scope ${scope}"]`), true)
  await approve(page)
  assert.deepEqual((await agent.poll()).json['scopes_granted'], ['oa:read'])
})

test('[U7] [D15] the person approves, and the agent gets what they left ticked', async () => {
  const { page, agent, consent } = await open()
  await approve(page)
  assert.equal(await title(page), 'Done')
  assert.equal(new URL(page.url()).pathname, `/ath/confirm/${consent.id}`)
  const { json } = await agent.poll()
  assert.deepEqual(json['scopes_granted'], ['oa:read', 'oa:write'])
  assert.equal((await decisionOf(consent.id))?.method, 'session')
})

test('[D15] [D16] the person narrows: an unticked scope and a shorter time count', async () => {
  const { page, agent } = await open()
  await page.uncheck('[name="scope oa:write"]')
  await page.selectOption('select', '3600')
  await approve(page)
  assert.equal(await title(page), 'Done')
  const { json } = await agent.poll()
  assert.deepEqual(json['scopes_granted'], ['oa:read'])
  assert.equal(json['ttl_granted'], 3600)
})

test('[D15] [U14] the person denies, and opening the link again says so', async () => {
  const { page, agent, url } = await open()
  await deny(page)
  assert.equal(await title(page), 'You said no')
  assert.deepEqual((await agent.poll()).json['scopes_granted'], [])
  await page.goto(url)
  assert.equal(await title(page), 'You said no')
})

test('[U7] a second tap shows the first answer, in this tab and in another', async () => {
  const { page, consent, url } = await open()
  const second = await page.context().newPage()
  await second.goto(url)
  await page.dblclick('button[value=approve]')
  await page.waitForFunction('document.title.startsWith("Done")').catch(() => page.reload())
  assert.equal(await title(page), 'Done')
  await deny(second)
  assert.equal(await title(second), 'Done')
  assert.equal((await decisionOf(consent.id))?.approved, true)
})

test('[U7] opening the page decides nothing, whatever its address says', async () => {
  const { page, consent, url } = await open()
  await page.goto(`${url}?decision=approve&lifetime=3600&scope%20oa:read=on`)
  assert.equal(await decisionOf(consent.id), undefined)
})

test('[U7] [D10] the question expires, and the page says so', async () => {
  const { page, consent, url } = await open()
  gateway.clock.advance(301)
  const response = await approve(page)
  const reopened = await page.context().newPage()
  const again = await reopened.goto(url)
  gateway.clock.advance(-301)
  assert.equal(response?.status(), 408)
  assert.equal(again?.status(), 408)
  assert.equal(await title(page), 'This question has expired')
  assert.equal(await decisionOf(consent.id), undefined)
})

test('[U7] somebody else sees nothing of the question but that it is not for them', async () => {
  const { page: url, consent } = await askPerson(gateway, 'usr_somebody_else')
  const page = await openPage()
  const response = await page.goto(url)
  assert.equal(response?.status(), 403)
  assert.equal(await title(page), 'This question is for somebody else')
  assert.ok(!(await page.content()).includes('Assistant'))
  assert.equal(gateway.events.at(-1)?.denial_reason, 'consent_of_other_user')
  await go(page, 'text=Sign in with another account')
  // The development log-in has one person only: they come back as who they were.
  assert.equal(page.url(), url)
  assert.equal(await decisionOf(consent.id), undefined)
})

test('[U7] a form without this session’s token, or for another question, decides nothing', async () => {
  const other = await askPerson(gateway, 'usr_somebody_else')
  const { page, consent, url } = await open()
  const scripted = await openPage({ javaScriptEnabled: true })
  await scripted.goto(url)
  await scripted.evaluate(`document.querySelector('[name=csrf]').value = 'x'`)
  await approve(scripted)
  assert.equal(await title(scripted), 'That did not come from our page')
  await scripted.goto(url)
  await scripted.evaluate(`document.querySelector('form').action = '${other.page}'`)
  const response = await approve(scripted)
  assert.equal(response?.status(), 403)
  assert.equal(await decisionOf(consent.id), undefined)
  assert.equal(await decisionOf(other.consent.id), undefined)
  await approve(page)
  assert.equal(await title(page), 'Done')
})

test('yes to nothing is asked again; a chosen language stays', async () => {
  const { page, url } = await open()
  await page.goto(`${url}?lang=zh-CN`)
  assert.match((await title(page)) ?? '', /^允许 AI Office Assistant 代您使用/)
  for (const box of await page.locator('input[type=checkbox]').all()) await box.uncheck()
  const response = await approve(page)
  assert.equal(response?.status(), 400)
  assert.match((await page.textContent('[role=alert]')) ?? '', /没有勾选任何内容/)
})

test('[D13] a provider that asks for itself comes after the yes, and the page says how it ended', async () => {
  const seen: string[] = []
  const provider = await serve((request, response) => {
    const state = new URL(request.url ?? '', 'http://provider').searchParams.get('state')
    seen.push(String(state))
    response.writeHead(303, { location: `${gateway.url}/ath/callback?code=x&state=${state}` }).end()
  })
  // Elsewhere than the gateway, as a provider is: no policy of our page may hold the browser back.
  gateway.upstreamUrl = `${provider.url.replace('127.0.0.1', 'localhost')}/authorize`
  const { page, agent, consent } = await open({ scopes: ['oa:read', 'crm:write'] })
  await approve(page)
  await page.waitForURL(`${gateway.url}/ath/confirm/${consent.id}`)
  assert.equal(await title(page), 'Done')
  assert.match(seen[0] ?? '', /^leg_[A-Za-z0-9_-]{43}$/)
  assert.deepEqual((await agent.poll()).json['scopes_granted'], ['oa:read', 'crm:write'])
  await provider.close()
})

test('neither answer has the focus, and a long story is read in part', async () => {
  const { consent } = await open()
  const page = await openPage({ javaScriptEnabled: true, viewport: { width: 390, height: 844 } })
  await page.goto(`${gateway.url}/ath/confirm/${consent.id}`)
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'BODY')
  const [no, yes] = await page.locator('.two button').evaluateAll((buttons) =>
    buttons.map((button) => {
      const { width, height } = button.getBoundingClientRect()
      return { width, height }
    }),
  )
  assert.deepEqual(no, yes)
  const story = await open({ context: `${'A long story. '.repeat(40)}THE END` })
  const [head] = await story.page.locator('blockquote > p').allTextContents()
  assert.ok((head ?? '').length <= 281)
})
