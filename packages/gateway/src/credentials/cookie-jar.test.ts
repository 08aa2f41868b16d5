import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCookieJar } from './cookie-jar.ts'

const now = 1_795_305_600
const jarWith = (origin: string, cookies: readonly string[], path = '/app/login') => {
  const jar = createCookieJar(new URL(origin))
  jar.keep(
    cookies.flatMap((cookie) => ['Set-Cookie', cookie]),
    path,
    now,
  )
  return jar
}

test('cookies are sent where their path says, the more particular first', () => {
  const jar = jarWith('http://h', ['a=1; Path=/', 'b=2; Path=/app', 'c=3', 'd=4; Path=/other'])
  assert.equal(jar.cookiesFor('/app/x', now), 'b=2; c=3; a=1')
  assert.equal(jar.cookiesFor('/app', now), 'b=2; c=3; a=1')
  assert.equal(jar.cookiesFor('/apple', now), 'a=1')
})

test('cookies end when they say, and Max-Age wins over Expires', () => {
  const jar = jarWith('http://h', [
    'a=1; Path=/; Max-Age=60',
    'b=2; Path=/; Expires=Sun, 22 Nov 2026 00:00:30 GMT',
    'c=3; Path=/; Max-Age=90; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
  ])
  assert.equal(jar.cookiesFor('/', now), 'a=1; b=2; c=3')
  assert.equal(jar.cookiesFor('/', now + 45), 'a=1; c=3')
  assert.equal(jar.cookiesFor('/', now + 61), 'c=3')
  assert.equal(jar.cookiesFor('/', now + 91), undefined)
})

test('a cookie is replaced by one of the same name and path, and removed by one in the past', () => {
  const jar = jarWith('http://h', [
    'a=1; Path=/',
    'a=2; Path=/',
    'b=1; Path=/',
    'b=; Path=/; Max-Age=0',
  ])
  assert.equal(jar.cookiesFor('/', now), 'a=2')
})

test('cookies for other domains are not ours, and Secure ones do not go over http', () => {
  const cookies = [
    'a=1; Path=/; Domain=evil.example',
    'b=2; Path=/; Domain=.corp.example',
    'c=3; Path=/; Secure',
    'd=4; Path=/; Domain=oa.corp.example',
    'e=5; Path=/; Domain=p.example',
  ]
  assert.equal(jarWith('http://oa.corp.example', cookies).cookiesFor('/', now), 'b=2; d=4')
  assert.equal(jarWith('https://oa.corp.example', cookies).cookiesFor('/', now), 'b=2; c=3; d=4')
})

test('a log-in page cannot fill the memory', () => {
  const many = Array.from({ length: 500 }, (_, index) => `n${index}=1; Path=/`)
  assert.equal(jarWith('http://h', many).cookiesFor('/', now)?.split('; ').length, 50)
})
