import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { AgentView } from '../../admin/view.ts'
import { readDuration } from '../../config/quantity.ts'
import { askGateway } from '../ask-gateway.ts'
import { addCommand } from '../command.ts'
import { Complaint } from '../complaint.ts'
import { answer, type Context } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import type { Act } from '../program.ts'

interface AddOptions {
  readonly key?: string
  readonly name: string
  readonly developer?: string
  readonly allow: readonly string[]
  readonly lifetime?: string
}

export function addAddCommand(
  agents: Command,
  act: Act,
  write: (agent: AgentView) => string,
): void {
  addCommand(agents, {
    usage: 'add <did>',
    summary: 'let an agent in by its DID, for the nine-step handshake',
    examples: [
      [
        'sallyport agents add did:ath:office --key office.pem --name Office --allow oa=oa:read',
        'a name, bound to a key',
      ],
      [
        'sallyport agents add did:web:a.example --name A --allow oa=oa:read,crm=crm:write',
        'its host names the key',
      ],
      ['sallyport agents list', 'who is in'],
    ],
    next: 'sallyport agents show <did>',
  })
    .option('--key <file>', 'the agent’s public key, PEM or JWK; a name (did:ath:…) needs it')
    .requiredOption('--name <name>', 'what people read when the agent asks')
    .option('--developer <name>', 'who made it')
    .requiredOption(
      '--allow <provider=scope,…>',
      'the most it gets: provider=scope, joined by commas; may be repeated',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option(
      '--lifetime <duration>',
      'how long, like 12h or 90d (default: gateway.approval_lifetime)',
    )
    .action(
      act(async (context, did: string, options: AddOptions) => {
        const added = await askGateway<AgentView>(context, {
          method: 'POST',
          path: ['agents'],
          body: {
            did,
            name: options.name,
            allow: readAllow(options.allow),
            ...(options.key === undefined ? {} : { key: readKey(context, options.key) }),
            ...(options.developer === undefined ? {} : { developer: options.developer }),
            ...(options.lifetime === undefined
              ? {}
              : { lifetime_seconds: readLifetime(options.lifetime) }),
          },
        })
        answer(context, added, write(added))
        return exitCode.ok
      }),
    )
}

/** `oa=oa:read,oa:write,crm=crm:write`: what names no provider belongs to the one before. */
function readAllow(texts: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const allow = new Map<string, string[]>()
  for (const text of texts) {
    let scopes: string[] | undefined
    for (const item of text.split(',')) {
      const [, provider, scope] = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/.exec(item) ?? []
      if (provider !== undefined) {
        scopes = allow.get(provider) ?? []
        allow.set(provider, scopes)
      }
      const name = scope ?? item
      if (!scopes || name === '')
        throw new Complaint(exitCode.usage, `\`${text}\` does not say which provider`, {
          fix: 'write it like oa=oa:read,crm=crm:write',
        })
      scopes.push(name)
    }
  }
  return Object.fromEntries(allow)
}

function readKey({ terminal }: Context, file: string): string {
  let text: string
  try {
    text = readFileSync(resolve(terminal.cwd, file), 'utf8').slice(0, 16_384)
  } catch (error) {
    throw new Complaint(exitCode.usage, `the key cannot be read: ${file}`, {
      tried: String((error as NodeJS.ErrnoException).code ?? error),
      fix: 'name a PEM or JWK file with the agent’s public key',
    })
  }
  // It stays here: nobody but the agent needs it, and an operator's command must not spread it.
  if (/PRIVATE KEY|"d"\s*:/.test(text))
    throw new Complaint(
      exitCode.usage,
      `${file} holds a private key, which only the agent may have`,
      {
        fix: 'give its public key: openssl pkey -in agent.key -pubout',
      },
    )
  return text
}

function readLifetime(text: string): number {
  const seconds = readDuration(text)
  if (seconds === undefined)
    throw new Complaint(exitCode.usage, `\`${text}\` is not a duration`, {
      fix: 'write a number and a unit: 30m, 12h, 90d',
    })
  return seconds
}
