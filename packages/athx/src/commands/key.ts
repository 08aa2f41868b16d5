import { createAgentKey } from '@ath-protocol/client'
import { readHandshakeKey } from '@ath-protocol/client/nine-step'
import type { CommandSpec } from '../command-spec.ts'
import { keyPath, readKeyText, requireKey } from '../settings.ts'
import { createPrivate } from '../state/private-file.ts'
import { UsageError } from '../usage-error.ts'

export const key: CommandSpec = {
  usage: 'key',
  summary: 'Make and show the key that is the agent’s identity.',
  examples: ['athx key new', 'athx key new --key ./agent.pem', 'athx key show --json'],
  next: 'athx agent init --id <url>',
  commands: [
    {
      usage: 'new',
      summary: 'Make a P-256 key in a file that only you can read. Never replaces one.',
      examples: [
        'athx key new',
        'athx key new --key ./agent.pem',
        'ATHX_HOME=./state athx key new',
      ],
      next: 'athx agent init --id https://<your domain>/.well-known/agent.json',
      run: async (context) => {
        const path = keyPath(context)
        const made = await createAgentKey()
        await createPrivate(path, made.privateKeyPem).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
          throw new UsageError(
            `there is a key at ${path} already`,
            'use it, or name another place with --key; a new key is a new identity',
          )
        })
        const { did } = await readHandshakeKey(made.privateKeyPem)
        await context.out.result(
          { path, key_id: made.keyId, did, public_key: made.publicJwk },
          `key     ${path}\nkey id  ${made.keyId}\ndid     ${did}`,
        )
      },
    },
    {
      usage: 'show',
      summary: 'Show the public half of the key, and the DID that it makes.',
      examples: [
        'athx key show',
        'athx key show --json | jq .public_key',
        'athx key show --key ./agent.pem',
      ],
      next: 'athx agent init --id <url> · or by DID: athx handshake',
      run: async (context) => {
        const { publicJwk, keyId } = await requireKey(context)
        const { did } = await readHandshakeKey(await readKeyText(context))
        const path = context.io.env['ATH_PRIVATE_KEY'] ? 'ATH_PRIVATE_KEY' : keyPath(context)
        await context.out.result(
          { path, key_id: keyId, did, public_key: publicJwk },
          `key     ${path}\nkey id  ${keyId}\ndid     ${did}\npublic  ${JSON.stringify(publicJwk)}`,
        )
      },
    },
  ],
}
