import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeEntries } from '../published/manifest.ts'
import { findOrder, readBlocks } from '../reader/blocks.ts'
import { inRoot } from '../workspace.ts'
import type { Check } from './check.ts'
import { type Consumer, entryName, runIn } from './consumer.ts'

/** The ways in which TypeScript projects find packages. The strictest also reads the declarations to the last line. */
const modes = [
  { module: 'node16', moduleResolution: 'node16', skipLibCheck: false },
  { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true },
  { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true },
] as const

const fileName = (entry: string) => entry.replace(/^@/, '').replaceAll('/', '-')

/** Sources that import every entry point as an ES module and as CommonJS, and those that our READMEs show. */
function writeSources({ folder, tarballs }: Consumer): void {
  mkdirSync(join(folder, 'src'))
  const write = (file: string, text: string) => writeFileSync(join(folder, 'src', file), text)
  for (const tarball of tarballs) {
    for (const [subpath] of codeEntries(tarball.manifest)) {
      const entry = entryName(tarball, subpath)
      for (const extension of ['mts', 'cts'])
        write(
          `${fileName(entry)}.${extension}`,
          `import * as entry from '${entry}'\nexport { entry }\n`,
        )
    }
    const page = `${tarball.folder}/README.md`
    const blocks = readBlocks(page, readFileSync(inRoot(page), 'utf8'))
    for (const [at, block] of blocks.entries())
      if (findOrder(block, 'compiles') !== undefined)
        for (const extension of ['mts', 'cts'])
          write(`${fileName(tarball.manifest.name)}-readme-${at}.${extension}`, block.text)
  }
}

/** Compiles the sources. What is wrong in the declarations of others is theirs to mend. */
export async function checkTypes(consumer: Consumer): Promise<readonly Check[]> {
  writeSources(consumer)
  const ours = consumer.tarballs.map(({ manifest }) => `node_modules/${manifest.name}/`)
  const isOurs = (line: string) => {
    const [file = ''] = line.split('(')
    return !file.includes('node_modules/') || ours.some((folder) => file.startsWith(folder))
  }
  const checks: Check[] = []
  for (const mode of modes) {
    const config = `tsconfig.${mode.moduleResolution}.json`
    const compilerOptions = {
      ...mode,
      target: 'es2022',
      types: ['node'],
      typeRoots: [inRoot('node_modules/@types')],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    }
    writeFileSync(
      join(consumer.folder, config),
      JSON.stringify({ compilerOptions, include: ['src'] }),
    )
    const { code, stdout, stderr } = await runIn(consumer, inRoot('node_modules/.bin/tsc'), [
      '-p',
      config,
    ])
    const lines = `${stdout}${stderr}`
      .split('\n')
      .filter((line) => /^\S/.test(line) && isOurs(line))
    checks.push({
      what: `every entry point and README has its types in TypeScript with ${mode.moduleResolution}`,
      faults: code === 0 ? [] : lines,
      fix: 'the source of the file named, or its README; of a file in dist/cjs/, scripts/published/declarations.ts',
    })
  }
  return checks
}
