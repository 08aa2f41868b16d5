import { writeFileSync } from 'node:fs'
import { completeManifest, type Manifest } from './published/manifest.ts'
import { readManifest, readPublishedPackages } from './published/packages.ts'
import { inRoot } from './workspace.ts'

const write = (manifest: Manifest) => `${JSON.stringify(manifest, null, 2)}\n`

/** The package.json files of published packages that lack what follows from their entry points, as they should be. */
export function incompleteManifests(): ReadonlyMap<string, string> {
  const { repository } = readManifest('.')
  return new Map(
    readPublishedPackages()
      .map(({ folder, manifest }) => ({
        file: `${folder}/package.json`,
        now: write(manifest),
        wanted: write(completeManifest(manifest, folder, repository)),
      }))
      .filter(({ now, wanted }) => now !== wanted)
      .map(({ file, wanted }) => [file, wanted]),
  )
}

if (import.meta.main) {
  const incomplete = incompleteManifests()
  for (const [file, wanted] of incomplete) writeFileSync(inRoot(file), wanted)
  process.stdout.write(`manifests: ${incomplete.size} completed\n`)
}
