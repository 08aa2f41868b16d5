import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inRoot } from '../workspace.ts'
import { type Block, findOrder } from './blocks.ts'

/** What the compiler says of a page’s blocks, each a file beside the others: nothing when they are right. */
export function compileBlocks(blocks: readonly Block[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-compiled-'))
  try {
    symlinkSync(inRoot('node_modules'), join(folder, 'node_modules'))
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    write('package.json', JSON.stringify({ type: 'module' }))
    write(
      'tsconfig.json',
      JSON.stringify({
        extends: inRoot('tsconfig.check.json'),
        compilerOptions: { typeRoots: [inRoot('node_modules/@types')] },
        include: ['*.ts'],
      }),
    )
    for (const [at, block] of blocks.entries())
      write(findOrder(block, 'file') ?? `block-${at}.ts`, block.text)
    const { stdout } = spawnSync(inRoot('node_modules/.bin/tsc'), ['-p', folder], {
      encoding: 'utf8',
    })
    return stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
