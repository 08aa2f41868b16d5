import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalizePath } from './normalize-path.ts'

const kept = [
  '/',
  '/a',
  '/a/',
  '/api/v1/users/42',
  '/a.b/..c/d..',
  '/a~b_c-d',
  "/a!$&'()*+,=:@b",
  '/100%25',
  '/a%20b',
  '/%E4%B8%AD%E6%96%87',
  '/a%3Fb',
  '/.well-known/x',
  '/%40home',
]
for (const path of kept)
  test(`[R95] the path ${path} is one that every server reads alike and stays as it is`, () => {
    assert.deepEqual(normalizePath(path), { ok: true, value: path })
  })

const rewritten: readonly [string, string][] = [
  ['/%61dmin', '/admin'],
  ['/a%2Db%2ec%5f%7E', '/a-b.c_~'],
  ['/a%2eb', '/a.b'],
  ['/%e4%b8%ad', '/%E4%B8%AD'],
  ['/a%3fb', '/a%3Fb'],
]
for (const [path, canonical] of rewritten)
  test(`[R95] ${path} has one canonical spelling, ${canonical}`, () => {
    assert.deepEqual(normalizePath(path), { ok: true, value: canonical })
  })

const refused: readonly [string, string][] = [
  ['', 'no slash'],
  ['a/b', 'no leading slash'],
  ['/..', 'dot segment'],
  ['/.', 'dot segment'],
  ['/a/../b', 'dot segment'],
  ['/a/./b', 'dot segment'],
  ['/a/..', 'dot segment at the end'],
  ['/...', 'more dots, which climb on some systems'],
  ['/%2e%2e/b', 'encoded dot segment'],
  ['/%2E./b', 'half-encoded dot segment'],
  ['/.%2e/b', 'half-encoded dot segment'],
  ['/%252e%252e/b', 'twice encoded dot segment'],
  ['/%25252e%25252e/b', 'thrice encoded dot segment'],
  ['/%25%32%65%25%32%65/b', 'dot segment encoded digit by digit'],
  ['/%252e%252e/%25zz', 'twice encoded beside a broken escape'],
  ['/..%20/b', 'dot segment with a trailing space'],
  ['/%20../b', 'dot segment with a leading space'],
  ['/a%2fb', 'encoded slash'],
  ['/a%2Fb', 'encoded slash'],
  ['/a%252fb', 'twice encoded slash'],
  ['/a%5cb', 'encoded backslash'],
  ['/a%255cb', 'twice encoded backslash'],
  ['/a\\b', 'backslash'],
  ['/a;b', 'semicolon'],
  ['/a;jsessionid=1', 'path parameter'],
  ['/..;/b', 'Tomcat dot segment'],
  ['/a%3bb', 'encoded semicolon'],
  ['/a%253bb', 'twice encoded semicolon'],
  ['//a', 'empty segment'],
  ['/a//b', 'empty segment'],
  ['/a//', 'empty segment'],
  ['/a%00', 'NUL'],
  ['/a%2500', 'twice encoded NUL'],
  ['/a%0d%0aX:1', 'line break'],
  ['/a%7f', 'DEL'],
  ['/a%C2%85', 'C1 control'],
  ['/a%', 'lone percent'],
  ['/a%2', 'short escape'],
  ['/a%zz', 'no hex'],
  ['/a%u002e', 'IIS escape'],
  ['/a%25u002e', 'IIS escape, encoded'],
  ['/a\u00e9', 'raw non-ASCII'],
  ['/a b', 'raw space'],
  ['/a"b', 'raw quote'],
  ['/a<b', 'raw angle bracket'],
  ['/a|b', 'raw bar'],
  ['/a{b}', 'raw braces'],
  ['/a?b', 'raw question mark'],
  ['/a#b', 'raw hash'],
  ['/%c0%ae%c0%ae/b', 'overlong dots'],
  ['/%c0%af', 'overlong slash'],
  ['/%e0%80%af', 'overlong slash, three bytes'],
  ['/%ff', 'not UTF-8'],
  ['/%ed%a0%80', 'a surrogate'],
  ['/%ef%bc%8f', 'full-width slash'],
  ['/%ef%bc%8e%ef%bc%8e/b', 'full-width dots'],
  ['/%ef%bc%bc', 'full-width backslash'],
  ['/%ef%bc%9b', 'full-width semicolon'],
  ['/%ef%bc%85%32%65', 'full-width percent before an escape'],
  [`/${'a'.repeat(8192)}`, 'longer than 8 KiB'],
]
for (const [path, why] of refused)
  test(`[R95] the path ${path.slice(0, 40)} is refused: ${why}`, () => {
    const result = normalizePath(path)
    assert.equal(result.ok, false)
    assert.equal(!result.ok && result.error.reason, 'path_ambiguous')
  })

const piece = fc.constantFrom(
  '/',
  '.',
  '..',
  '%2e',
  '%2f',
  '%5c',
  '%25',
  '2e',
  '2f',
  '%3b',
  ';',
  '%00',
  '%c0%ae',
  '%E4%B8%AD',
  '%ef%bc%8e',
  'a',
  'B',
  '%41',
  '%',
  'u002e',
  '%20',
  '+',
  '@',
)
const anyPath = fc
  .oneof(
    fc.array(piece, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    fc.string({ unit: 'binary-ascii', maxLength: 30 }).map((text) => `/${text}`),
  )
  .filter((path) => path.length > 0)

test('[R95] a path that is accepted is its own canonical spelling, and URL parsers leave it alone', () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      const result = normalizePath(path)
      if (!result.ok) return
      assert.deepEqual(normalizePath(result.value), result)
      assert.equal(new URL(`http://h${result.value}`).pathname, result.value)
      assert.equal(new URL(`http://h/base${result.value}`).pathname, `/base${result.value}`)
    }),
    { numRuns: 5000 },
  )
})

test('[R95] no server that decodes an accepted path, however often, finds another segment in it', () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      const result = normalizePath(path)
      if (!result.ok) return
      const depth = result.value.split('/').length
      let decoded = result.value
      for (let layer = 0; layer < 5; layer++) {
        decoded = Buffer.from(
          decoded.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
            String.fromCharCode(Number.parseInt(hex, 16)),
          ),
          'latin1',
        ).toString('latin1')
        assert.equal(decoded.split(/[/\\]/).length, depth)
        for (const segment of decoded.slice(1).split('/').slice(0, -1)) assert.notEqual(segment, '')
        for (const segment of decoded.split('/')) assert.ok(!['.', '..'].includes(segment.trim()))
        assert.ok(!decoded.includes(';') && !decoded.includes('\0'))
      }
    }),
    { numRuns: 5000 },
  )
})
