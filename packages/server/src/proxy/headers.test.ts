import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  comesBack,
  goesUpstream,
  passableTrailers,
  returnedHeaders,
  upstreamHeaders,
} from './headers.ts'

const nobody: ReadonlySet<string> = new Set()
const reserved = new Set(['x-remote-id', 'authorization'])

test('[R101] nothing that is the agent’s own secret goes upstream, however its name is written', () => {
  for (const name of [
    'Authorization',
    'Cookie',
    'Cookie2',
    'DPoP',
    'X-ATH-Agent-ID',
    'x-ath-anything',
    'X_ATH_User_Token',
    'Proxy-Authorization',
    'AUTHORIZATION',
  ])
    assert.equal(goesUpstream(name, nobody), false, name)
})

test('[R101] what only a proxy may say does not come from an agent', () => {
  for (const name of [
    'X-Forwarded-For',
    'X-Forwarded-User',
    'X_Forwarded_For',
    'Forwarded',
    'X-Real-IP',
    'Remote-User',
    'Remote_User',
    'X-Remote-User',
    'X-Remote-Groups',
    'X-SSL-Client-DN',
    'CF-Access-Jwt-Assertion',
  ])
    assert.equal(goesUpstream(name, nobody), false, name)
})

test('[R95] [R98] a header cannot change the method or path that the scope map allowed', () => {
  for (const name of [
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'X_HTTP_Method_Override',
    'X-Original-URL',
    'X-Rewrite-URL',
  ])
    assert.equal(goesUpstream(name, nobody), false, name)
})

test('names that the gateway sets at an upstream are dropped from the agent, with dash or underscore', () => {
  for (const name of ['X-Remote-ID', 'x_remote_id', 'X-Remote_Id'])
    assert.equal(goesUpstream(name, reserved), false, name)
  assert.equal(goesUpstream('X-Remote', reserved), true)
})

test('[R99] ordinary headers go upstream in order, with repeats and spelling kept', () => {
  const raw = [
    'Accept',
    'a',
    'X-Two',
    '1',
    'x-two',
    '2',
    'Content-Type',
    'text/xml',
    'Range',
    'bytes=0-1',
  ]
  assert.deepEqual(upstreamHeaders(raw, nobody), raw)
})

test('[R101] hop-by-hop headers and those that Connection names end here, both ways', () => {
  const raw = [
    'Connection',
    'X-Private, close',
    'X-Private',
    '1',
    'connection',
    'X-Other',
    'X-Other',
    '2',
    'Keep-Alive',
    'timeout=5',
    'Transfer-Encoding',
    'chunked',
    'Upgrade',
    'h2c',
    'HTTP2-Settings',
    'x',
    'Proxy-Connection',
    'close',
    'X-Kept',
    '3',
  ]
  assert.deepEqual(upstreamHeaders(raw, nobody), ['X-Kept', '3'])
  assert.deepEqual(returnedHeaders(raw), ['X-Kept', '3'])
})

test('of TE only the promise to take trailers is passed on', () => {
  assert.deepEqual(upstreamHeaders(['TE', 'gzip, trailers'], nobody), ['te', 'trailers'])
  assert.deepEqual(upstreamHeaders(['TE', 'gzip'], nobody), [])
})

test('an upstream’s cookies and its orders to browsers and front servers do not come back', () => {
  for (const name of [
    'Set-Cookie',
    'set-cookie',
    'Set_Cookie',
    'Alt-Svc',
    'Clear-Site-Data',
    'Strict-Transport-Security',
    'Report-To',
    'NEL',
    'Service-Worker-Allowed',
    'X-Accel-Redirect',
    'X-Sendfile',
    'X-ATH-Anything',
    'Proxy-Authenticate',
    'Connection',
  ])
    assert.equal(comesBack(name), false, name)
})

test('[R99] what describes the answer comes back', () => {
  for (const name of [
    'Content-Type',
    'Content-Length',
    'Content-Encoding',
    'ETag',
    'Location',
    'Link',
    'Trailer',
    'Vary',
    'Cache-Control',
    'WWW-Authenticate',
    'Retry-After',
    'X-Accel-Buffering',
  ])
    assert.equal(comesBack(name), true, name)
})

test('trailers that frame, route or authenticate are dropped', () => {
  const raw = [
    'Digest',
    'x',
    'Content-Length',
    '5',
    'Authorization',
    'y',
    'Set-Cookie',
    'z',
    'Host',
    'h',
  ]
  assert.deepEqual(passableTrailers(raw, nobody), ['Digest', 'x'])
})

test('[R101] whatever is sent, no listed secret goes up and no cookie comes down', () => {
  const secret = fc.constantFrom(
    'authorization',
    'cookie',
    'x-ath-agent-id',
    'x-ath-x',
    'set-cookie',
    'proxy-a',
  )
  const spelled = secret.chain((name) =>
    fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((upper) =>
      name
        .split('')
        .map((c, i) => (upper[i] ? c.toUpperCase() : c))
        .join(''),
    ),
  )
  const header = fc.tuple(
    fc.oneof(spelled, fc.constantFrom('Accept', 'X-A', 'Connection')),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(header), (headers) => {
      const names = (list: readonly string[]) =>
        list.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
      const up = names(upstreamHeaders(headers.flat(), nobody))
      assert.ok(!up.some((name) => /^(authorization|cookie|proxy-|x-ath-)/.test(name)))
      assert.ok(
        !names(returnedHeaders(headers.flat())).some((name) => /^(set-cookie|x-ath-)/.test(name)),
      )
    }),
  )
})
