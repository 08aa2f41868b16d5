import { createAgentKey } from '@ath-protocol/client'
import { findPlace, isOnThisMachine } from './place.ts'
import type { RunContext } from './run-context.ts'
import { findSource } from './setting-source.ts'
import { keyPath } from './settings.ts'
import { createPrivate, readIfThere } from './state/private-file.ts'

/**
 * Makes and keeps a key where there is none, for a first try at an app on this machine: its developer has no agent yet.
 * Elsewhere, and where a key was named, a missing one stays an error: a new key would be another agent.
 */
export async function keepFirstKey(context: RunContext): Promise<void> {
  const { flags, io } = context
  const { native, base } = findPlace(context)
  if (!native || !isOnThisMachine(base)) return
  if (io.env['ATH_PRIVATE_KEY'] || findSource({ flags, io, config: context.config }, 'key-path'))
    return
  const path = keyPath(context)
  if ((await readIfThere(path)) !== undefined) return
  const made = await createAgentKey()
  try {
    await createPrivate(path, made.privateKeyPem)
  } catch (error) {
    // Another athx was first: then its key is the agent's.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  // Said with --quiet, too: from now on this file is who the agent is.
  io.stderr.write(
    `athx: there was no key, so one was made and kept: ${path} (mode 0600)\n  thumbprint  ${made.keyId}\n  every later command signs with it; to use your own: --key <path>\n`,
  )
}
