import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFromOurPages } from './same-origin.ts'

const ours = ['https://gw.example.com', 'https://gw.internal:8443']
const check = (headers: Record<string, string>) => isFromOurPages({ headers }, ours)

for (const [what, headers] of Object.entries({
  'our origin': { origin: 'https://gw.example.com' },
  'another of our addresses': { origin: 'https://gw.internal:8443' },
  'a browser that says same-origin': { 'sec-fetch-site': 'same-origin' },
  both: { origin: 'https://gw.example.com', 'sec-fetch-site': 'same-origin' },
}))
  test(`a form from ${what} is ours`, () => assert.equal(check(headers as never), true))

for (const [what, headers] of Object.entries({
  'another site': { origin: 'https://evil.example' },
  'a sandbox': { origin: 'null' },
  'another port of our host': { origin: 'https://gw.example.com:444' },
  'our host without TLS': { origin: 'http://gw.example.com' },
  'a host that begins like ours': { origin: 'https://gw.example.com.evil.example' },
  'a sibling host': { 'sec-fetch-site': 'same-site' },
  'a cross-site page': { 'sec-fetch-site': 'cross-site' },
  'the address bar': { 'sec-fetch-site': 'none' },
  'a cross-site page that claims our origin': {
    origin: 'https://gw.example.com',
    'sec-fetch-site': 'cross-site',
  },
  'a program that says nothing': {},
}))
  test(`a form from ${what} is not ours`, () => assert.equal(check(headers as never), false))
