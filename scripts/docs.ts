import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { renderConfigReference } from '../packages/gateway/src/config/reference.ts'
import { renderReadme } from './docs-bench.ts'
import { renderErrors } from './docs-errors.ts'
import { renderEvents } from './docs-events.ts'
import { renderLayers } from './docs-layers.ts'
import { renderRequirements, requirementFaults } from './docs-requirements.ts'
import { renderStages } from './docs-stages.ts'
import { findTaggedTests } from './requirement-tests.ts'
import { requirements } from './requirements.ts'
import { inRoot } from './workspace.ts'

const help = `npm run docs [-- --check | --missing]

Writes the reference pages that are made from the sources, and the table of speeds in README.md.
  --check     writes nothing; fails when a page is not as it would be written, or a requirement has no test
  --missing   writes nothing; lists the requirements without a test and does not fail
`

/** One page and what makes it. To add one, add a line. */
const pages: readonly { readonly path: string; readonly render: () => string | Promise<string> }[] =
  [
    { path: 'docs/reference/errors.md', render: renderErrors },
    { path: 'docs/reference/config.md', render: renderConfigReference },
    { path: 'docs/reference/events.md', render: renderEvents },
    { path: 'docs/reference/stages.md', render: renderStages },
    { path: 'docs/reference/layers.md', render: renderLayers },
    { path: 'docs/reference/requirements.md', render: renderRequirements },
    { path: 'README.md', render: renderReadme },
  ]

async function main(mode: string | undefined): Promise<number> {
  if (mode === undefined) return writePages()
  if (mode === '--check') return checkPages()
  if (mode === '--missing') {
    for (const fault of faults()) process.stdout.write(`${fault}\n`)
    return 0
  }
  process.stdout.write(help)
  return mode === '--help' ? 0 : 2
}

const faults = () => requirementFaults(requirements, findTaggedTests())

async function writePages(): Promise<number> {
  for (const { path, render } of pages) {
    mkdirSync(dirname(inRoot(path)), { recursive: true })
    writeFileSync(inRoot(path), await render())
    process.stdout.write(`docs: wrote ${path}\n`)
  }
  return 0
}

async function checkPages(): Promise<number> {
  const drifted: string[] = []
  for (const { path, render } of pages) {
    const written = existsSync(inRoot(path)) ? readFileSync(inRoot(path), 'utf8') : ''
    if (written !== (await render())) drifted.push(`${path} has drifted. Fix: npm run docs`)
  }
  const found = [...drifted, ...faults()]
  for (const fault of found) process.stdout.write(`docs: ${fault}\n`)
  return found.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv[2])
