'use strict'
// Loads each entry point as a CommonJS program does.
const { compare, tell } = require('./compare.cjs')

const loadAll = async () => {
  for (const entry of process.argv.slice(2))
    await tell(entry, async () => {
      const cjs = require(entry)
      compare(await import(entry), cjs)
    })
}
void loadAll()
