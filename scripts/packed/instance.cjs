'use strict'
// An error thrown in the client of a CommonJS program is known to an ES module by its class, and the other way round.
const assert = require('node:assert/strict')
const { AthError, readBaseUrl } = require('@ath-protocol/client')

const throwsOne = (read, Class) =>
  assert.throws(
    () => read('no address'),
    (error) => error instanceof Class,
  )

const compareClasses = async () => {
  const esm = await import('@ath-protocol/client')
  throwsOne(readBaseUrl, esm.AthError)
  throwsOne(esm.readBaseUrl, AthError)
}
void compareClasses()
