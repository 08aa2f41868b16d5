import { readFileSync } from 'node:fs'
import { findFiles, inRoot } from '../workspace.ts'
import type { Manifest } from './manifest.ts'

/** A package of this workspace that is published. */
export interface PublishedPackage {
  /** `packages/client`, relative to the root. */
  readonly folder: string
  readonly manifest: Manifest
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(inRoot(folder, 'package.json'), 'utf8')) as Manifest

/** Every package that is not private. */
export const readPublishedPackages = (): readonly PublishedPackage[] =>
  findFiles('packages/*/package.json')
    .map((file) => file.replace('/package.json', ''))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true)
