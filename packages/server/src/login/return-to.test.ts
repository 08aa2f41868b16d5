import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loginPath, readReturnTo } from './return-to.ts'

const base = 'https://gw.example.com'

for (const path of [
  '/me',
  '/me?lang=zh-CN',
  '/ath/authorize/abc?response_type=code&state=%2F%2Fevil.example',
  '/ath/authorize/abc?resource=https%3A%2F%2Fcrm.example.com',
])
  test(`a log-in may return to ${path}`, () => {
    assert.equal(readReturnTo(path, base), path)
  })

const elsewhere: Readonly<Record<string, string>> = {
  'another site': 'https://evil.example/',
  'our own site as an absolute address': 'https://gw.example.com/me',
  'an address without scheme': '//evil.example',
  'three slashes': '///evil.example',
  'a backslash for a slash': '/\\evil.example',
  'two backslashes': '\\\\evil.example',
  'a tab that browsers drop': '/\t/evil.example',
  'a line break that browsers drop': '/\n/evil.example',
  'a line break that would end the header': '/me\r\nset-cookie: a=b',
  'a leading space': ' /me',
  'a null byte': '/\u0000/evil.example',
  'a direction mark': '/\u202eevil',
  'a full-width slash': '/\uff0fevil.example',
  'a user name that looks like us': 'https://gw.example.com@evil.example/',
  'a user name without scheme': '//gw.example.com@evil.example/',
  'a script': 'javascript:alert(1)',
  data: 'data:text/html,hello',
  'a dot segment before two slashes': '/.//evil.example',
  'an encoded dot segment': '/%2e//evil.example',
  'a parent segment before two slashes': '/me/..//evil.example',
  'a relative path': 'me',
  nothing: '',
  'the log-in itself': '/login?return_to=/me',
  'the callback': '/login/callback?code=x&state=y',
  'the sign-out': '/logout',
  'the log-in behind a dot segment': '/me/../login',
  'an endless path': `/${'a'.repeat(5000)}`,
}
for (const [what, value] of Object.entries(elsewhere))
  test(`a log-in does not return to ${what}`, () => {
    assert.equal(readReturnTo(value, base), undefined)
  })

test('a log-in without return_to has no place to return to', () => {
  assert.equal(readReturnTo(null, base), undefined)
})

test('the way to the log-in carries the way back as one parameter', () => {
  const path = '/ath/authorize/abc?state=x&lang=zh-CN'
  const url = new URL(loginPath({}, path, { otherAccount: true }), base)
  assert.equal(url.searchParams.get('return_to'), path)
  assert.equal(url.searchParams.get('prompt'), 'login')
})
