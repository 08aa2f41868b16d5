import { readFileSync } from 'node:fs'
import {
  checkPackage,
  createPackageFromTarballData,
  type Problem,
  type ResolutionKind,
} from '@arethetypeswrong/core'
import {
  problemAffectsEntrypointResolution,
  problemKindInfo,
} from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { codeEntries } from '../published/manifest.ts'
import type { Check } from './check.ts'
import type { Tarball } from './tarball.ts'

const needed = ['package.json', 'README.md', 'LICENSE', 'NOTICE']
const wanted =
  /^(?:package\.json|README\.md|LICENSE|NOTICE|dist\/cjs\/package\.json|dist\/.+\.(?:js|d\.ts))$/

/** What is missing in a tarball, and what has no business there. */
export function fileFaults({
  manifest,
  paths,
}: Pick<Tarball, 'manifest' | 'paths'>): readonly string[] {
  const files = Object.values(manifest.exports ?? {}).filter((entry) => typeof entry === 'string')
  const data = new Set(files.map((file) => file.replace(/^\.\//, '')))
  const lacking = needed.filter((path) => !paths.includes(path))
  const stray = paths.filter(
    (path) => !data.has(path) && (!wanted.test(path) || path.includes('.test.')),
  )
  return [
    ...lacking.map((path) => `${path} is missing`),
    ...stray.map((path) => `${path} has no business in it`),
  ]
}

async function publintFaults({ file }: Tarball): Promise<readonly string[]> {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  const tarball = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  const { messages, pkg } = await publint({ pack: { tarball } })
  return messages.map(
    (message) => formatMessage(message, pkg, { color: false }) ?? `publint: ${message.code}`,
  )
}

const modes: readonly ResolutionKind[] = ['node10', 'node16-cjs', 'node16-esm', 'bundler']

/** What attw finds wrong with the types, for each entry point in each way that TypeScript has to find it. */
async function typeFaults(tarball: Tarball): Promise<readonly string[]> {
  const entries = codeEntries(tarball.manifest).map(([subpath]) => subpath)
  const found = await checkPackage(createPackageFromTarballData(readFileSync(tarball.file)), {
    entrypoints: entries,
  })
  if (found.types === false) return ['it has no types']
  const where = (problem: Problem) =>
    entries
      .flatMap((entry) =>
        modes
          .filter((mode) => problemAffectsEntrypointResolution(problem, entry, mode, found))
          .map((mode) => `"${entry}" in ${mode}`),
      )
      .join(', ')
  return found.problems.map(
    (problem) =>
      `${where(problem)}: ${problemKindInfo[problem.kind].description} (${problem.kind})`,
  )
}

export async function lint(tarball: Tarball): Promise<readonly Check[]> {
  const { folder, manifest } = tarball
  return [
    {
      what: `${manifest.name}: the package holds what it should and nothing else`,
      faults: fileFaults(tarball),
      fix: `\`files\` in ${folder}/package.json; a README.md of its own in ${folder}`,
    },
    {
      what: `${manifest.name}: publint finds nothing`,
      faults: await publintFaults(tarball),
      fix: `${folder}/package.json`,
    },
    {
      what: `${manifest.name}: attw finds nothing`,
      faults: await typeFaults(tarball),
      fix: `\`node scripts/run.mjs scripts/manifests.ts\` completes \`exports\` in ${folder}/package.json`,
    },
  ]
}
