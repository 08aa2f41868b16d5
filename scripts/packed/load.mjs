// Loads each entry point as an ES module does.
import { createRequire } from 'node:module'
import process from 'node:process'
import { compare, tell } from './compare.cjs'

const require = createRequire(import.meta.url)
for (const entry of process.argv.slice(2))
  await tell(entry, async () => {
    const esm = await import(entry)
    compare(esm, require(entry))
  })
