import { bannedWords, folderLaw, packageLaw, testsMayImport } from './architecture.ts'

const code = (names: readonly string[]) =>
  names.length === 0 ? 'nothing of ours' : names.map((name) => `\`${name}\``).join(', ')

/** `docs/reference/layers.md`: the law that `scripts/architecture.test.ts` enforces. */
export function renderLayers(): string {
  return [
    '# What may import what',
    '',
    'Enforced by `npm run check` (`scripts/architecture.test.ts`).',
    '',
    '| folder | package | may import | Node modules |',
    '|---|---|---|---|',
    ...packageLaw.map(
      ({ folder, name, mayImport, node }) =>
        `| \`packages/${folder}\` | \`${name}\` | ${code(mayImport)} | ${node ? 'yes' : 'no'} |`,
    ),
    '',
    `Tests may also import ${code(testsMayImport)}. No package reaches into another by path, and no folders import each`,
    'other in a ring at run time.',
    '',
    'Inside the packages:',
    '',
    ...folderLaw.map(({ what }) => `- ${what}`),
    '- rules and stories take time, network and the process from ports only',
    `- no file and no export is named with ${code(bannedWords)}, \`I…\` or \`…Impl\``,
    '',
  ].join('\n')
}
