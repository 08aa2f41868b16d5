'use strict'
// What a program gets by import and by require() must be the very same things, or there are two of every class.

/** @param {Record<string, unknown>} esm @param {Record<string, unknown>} cjs */
exports.compare = (esm, cjs) => {
  const names = new Set([...Object.keys(esm), ...Object.keys(cjs)])
  const twins = [...names].filter((name) => esm[name] !== cjs[name])
  if (twins.length > 0) throw new Error(`not the same by import and require(): ${twins.join(', ')}`)
}

/** @param {string} entry @param {() => unknown} load */
exports.tell = async (entry, load) => {
  let fault = null
  try {
    await load()
  } catch (cause) {
    fault = cause instanceof Error ? cause.message : String(cause)
  }
  process.stdout.write(`${JSON.stringify({ entry, fault })}\n`)
}
