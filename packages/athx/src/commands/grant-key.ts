import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { AthError, createAgentKey, openBrowser } from '@ath-protocol/client'
import { readHandshakeKey } from '@ath-protocol/client/nine-step'
import type { UserClient } from '@ath-protocol/client/person'
import type { CommandSpec } from '../command-spec.ts'
import { duration } from '../output/shown.ts'
import { keyPageIn, openPerson, userKeyPath } from '../person.ts'
import { findPlace } from '../place.ts'
import type { RunContext } from '../run-context.ts'
import { findSettingValue } from '../setting-source.ts'
import { createPrivate } from '../state/private-file.ts'
import { UsageError } from '../usage-error.ts'

const pollSeconds = 3

/** A person's own key: made here, registered by them on the gateway's page. */
export const grantKey: CommandSpec = {
  usage: 'key',
  summary: 'Your own key: make it, show it, register it at the gateway.',
  examples: [
    'athx grant key new',
    'athx grant key register --wait --open',
    'athx grant key show --json',
  ],
  next: 'athx grant make --agent <did> --scope <scopes> --for 8h',
  commands: [
    {
      usage: 'new',
      summary: 'Make a P-256 key in a file that only you can read. Never replaces one.',
      examples: [
        'athx grant key new',
        'athx grant key new --user-key ./me.pem',
        'ATHX_HOME=./state athx grant key new',
      ],
      next: 'athx grant key register',
      run: async (context) => {
        const path = userKeyPath(context)
        const { privateKeyPem } = await createAgentKey()
        await createPrivate(path, privateKeyPem).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
          throw new UsageError(
            `there is a key at ${path} already`,
            'use it, or name another place with --user-key',
          )
        })
        if (findSettingValue(context, 'gateway') ?? findSettingValue(context, 'service'))
          return describe(context, await openPerson(context))
        const { did, publicKey } = await readHandshakeKey(privateKeyPem)
        const { thumbprint } = publicKey
        await context.out.result(
          { path, fingerprint: thumbprint, did },
          [
            `key          ${path}`,
            `fingerprint  ${thumbprint}`,
            'next         athx grant key register --gateway <url>',
          ].join('\n'),
        )
      },
    },
    {
      usage: 'show',
      summary: 'Show the fingerprint of your key and where to register it.',
      examples: [
        'athx grant key show',
        'athx grant key show --json | jq -r .fingerprint',
        'athx grant key show --user-key ./me.pem',
      ],
      next: 'athx grant key register',
      run: async (context) => describe(context, await openPerson(context)),
    },
    {
      usage: 'register',
      summary: 'Print the link on which you, signed in, register your key.',
      examples: [
        'athx grant key register',
        'athx grant key register --open --wait',
        'athx grant key register --label "my laptop"',
      ],
      next: 'athx inbox · athx grant make',
      options: (command) => {
        command
          .option('--label <name>', 'what the page calls the key (default: athx on this computer)')
          .option('--open', 'open the page in a browser')
          .option('--wait', 'until the key is registered')
      },
      run: async (context) => {
        const { flags } = context
        const person = await openPerson(context)
        await describe(context, person)
        if (flags.on('open')) await openBrowser(registrationLink(context, person))
        if (flags.on('wait')) await awaitRegistration(context, person)
      },
    },
  ],
}

/** With a name at hand, so that the person has nothing to think of. */
const registrationLink = (context: RunContext, person: UserClient) =>
  keyPageIn(
    findPlace(context),
    person.registrationUrl(context.flags.text('label') ?? `athx on ${hostname().slice(0, 40)}`),
  )

async function describe(context: RunContext, person: UserClient): Promise<void> {
  const link = registrationLink(context, person)
  const path = userKeyPath(context)
  await context.out.result(
    { path, fingerprint: person.thumbprint, did: person.did, link },
    [
      `key          ${path}`,
      `fingerprint  ${person.thumbprint}`,
      `register at  ${link}`,
      'compare the fingerprint there before you add it',
    ].join('\n'),
  )
}

async function awaitRegistration({ io, out }: RunContext, person: UserClient): Promise<void> {
  const started = io.now()
  out.say('waiting      until the key is registered there (Ctrl-C stops)')
  for (;;) {
    try {
      const { user_id } = await person.inbox()
      return out.say(`registered   as ${user_id}`)
    } catch (error) {
      if (!(error instanceof AthError && error.status === 401)) throw error
    }
    out.sayBriefly(`waiting      ${duration(io.now() - started)}`)
    await sleep(pollSeconds * 1000, undefined, { signal: io.interrupted })
  }
}
