import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from './canonical-json.ts'

const written = (value: unknown): string => {
  const canonical = canonicalJson(value)
  assert.ok(canonical.ok)
  return canonical.value
}

/** The double whose bits these are. */
function double(hex: string): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${hex}`))
  return view.getFloat64(0)
}

// RFC 8785 appendix B.
const numbers = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
] as const
for (const [bits, expected] of numbers)
  test(`[U1] the double ${bits} is written ${expected} (RFC 8785 appendix B)`, () => {
    assert.equal(written(double(bits)), expected)
  })

test('[U1] strings, literals and numbers are written as RFC 8785 §3.2.2 shows', () => {
  const value: unknown = JSON.parse(
    String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
  )
  assert.equal(
    written(value),
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  )
})

test('[U1] members are sorted by UTF-16 code units, as RFC 8785 §3.2.3 shows', () => {
  const value: unknown = JSON.parse(
    String.raw`{"\u20ac":"euro","\r":"return","\ufb33":"dalet","1":"one","\ud83d\ude00":"face","\u0080":"control","\u00f6":"o"}`,
  )
  assert.deepEqual(Object.values(JSON.parse(written(value)) as object), [
    // A name that is an index comes first when an object is read back.
    'one',
    'return',
    'control',
    'o',
    'euro',
    'face',
    'dalet',
  ])
  assert.match(written(value), /^\{"\\r":"return","1":"one",/)
})

const sparse: number[] = []
sparse[1] = 1

const refused: readonly (readonly [string, unknown, 'not_json' | 'too_deep'])[] = [
  ['undefined', undefined, 'not_json'],
  ['NaN', { a: Number.NaN }, 'not_json'],
  ['Infinity', [Number.POSITIVE_INFINITY], 'not_json'],
  ['a number too large for a double', JSON.parse('[1e400]'), 'not_json'],
  ['a lone surrogate in a value', { a: '\ud800' }, 'not_json'],
  ['a lone surrogate in a name', { '\udc00': 1 }, 'not_json'],
  ['a hole in a list', [undefined, 1], 'not_json'],
  ['a sparse list', sparse, 'not_json'],
  ['a function', { a: () => 1 }, 'not_json'],
  ['a bigint', { a: 1n }, 'not_json'],
  ['a date', { a: new Date(0) }, 'not_json'],
  ['a map', new Map([['a', 1]]), 'not_json'],
  ['bytes', new Uint8Array(2), 'not_json'],
  ['nesting beyond 16', JSON.parse(`${'['.repeat(18)}${']'.repeat(18)}`), 'too_deep'],
  ['nesting that would use up the stack', nested(100_000), 'too_deep'],
]

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let at = 0; at < depth; at += 1) value = { a: value }
  return value
}

for (const [name, value, error] of refused)
  test(`[U1] ${name} has no canonical JSON`, () => {
    assert.deepEqual(canonicalJson(value), { ok: false, error })
  })

test('a member that is undefined is left out, as JSON leaves it out', () => {
  assert.equal(written({ b: undefined, a: 1 }), '{"a":1}')
})

test('names that mean something to JavaScript are names like others', () => {
  const value: unknown = JSON.parse('{"toJSON":1,"constructor":2,"__proto__":{"a":3}}')
  assert.equal(written(value), '{"__proto__":{"a":3},"constructor":2,"toJSON":1}')
})

const json = fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' })

test('[U1] canonical JSON says the same, and is its own canonical JSON', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = written(value)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
      assert.equal(written(JSON.parse(text)), text)
    }),
    { numRuns: 500 },
  )
})

test('[U1] the order in which members were written does not matter', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), (object) => {
      const turned = Object.fromEntries(Object.entries(object).reverse())
      assert.equal(written(turned), written(object))
    }),
  )
})

test('two values that differ have two texts', () => {
  fc.assert(
    fc.property(json, json, (one, other) => {
      if (written(one) === written(other))
        assert.deepEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)))
    }),
  )
})
