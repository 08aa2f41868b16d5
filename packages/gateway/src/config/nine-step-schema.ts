import { parseDid, shownText } from '@ath-protocol/types'
import { z } from 'zod'
import { duration, filePath, flag, say, text } from './fields.ts'

const did = (fix: string, example: string) =>
  text(fix, example)
    .refine((value) => parseDid(value).ok, { error: say('is not a DID', fix) })
    .meta({ title: 'DID', examples: [example] })

const pinnedAgent = z
  .strictObject({
    did: did(
      'write did:ath:<name>, did:key:… or did:web:…',
      'did:ath:ai_office_assistant_001',
    ).describe('The DID that is bound to the key.'),
    key: text('write the public key, PEM or JWK', '"${file:./assistant.pem}"')
      .optional()
      .describe('The agent’s public key: PEM or JWK, P-256 or Ed25519.'),
    key_file: filePath('write the path of a PEM or JWK file', './assistant.pem')
      .optional()
      .describe('Instead of `key`: the file that holds it.'),
    name: shownText(100)
      .meta({ examples: ['AI Office Assistant'] })
      .describe('What people read when the agent asks.'),
    developer: z
      .strictObject({
        id: text('write the developer’s id', 'corp').describe('The developer’s id.'),
        name: shownText(100)
          .meta({ examples: ['Example Corp'] })
          .describe('The developer’s name, as people read it.'),
      })
      .optional()
      .describe('Who made the agent. Default: unknown.'),
  })
  .superRefine((entry, context) => {
    if ((entry.key === undefined) !== (entry.key_file === undefined)) return
    const problem = entry.key === undefined ? 'has no key' : 'has two keys'
    const fix = entry.key === undefined ? 'add key_file: ./agent.pem' : 'keep key or key_file'
    context.issues.push({
      code: 'custom',
      path: [],
      message: say(problem, fix),
      input: undefined,
    })
  })

/** The nine-step handshake, by which agents come with a DID. */
export const nineStep = z.strictObject({
  enabled: flag().default(true).describe('Whether it is offered.'),
  server_did: did('write did:ath:<name>', 'did:ath:enterprise_gateway_001')
    .refine((value) => value.startsWith('did:ath:'), {
      error: say('is not a did:ath', 'write did:ath:<name>, or remove it'),
      abort: true,
    })
    .refine(
      (value) => {
        const parsed = parseDid(value)
        return !parsed.ok || parsed.value.method !== 'ath_key'
      },
      {
        error: say(
          'has the form of a key’s own DID',
          'write a name, like did:ath:my_gateway, or remove it: the gateway’s key then makes its DID',
        ),
      },
    )
    .optional()
    .describe('The gateway’s own DID as a name. Default: the one that its key makes.'),
  encryption: z
    .enum(['off', 'offered', 'required'])
    .default('offered')
    .describe('Whether sessions may, or must, encrypt their messages beside TLS.'),
  confirmation: z
    .enum(['always', 'unless_covered'])
    .default('always')
    .describe(
      'Whether people are always asked, or not when a credential that they signed themselves covers everything and none of it is of high risk.',
    ),
  session_lifetime: duration('1m', '24h').prefault('8h').describe('The longest session.'),
  agents: z
    .array(pinnedAgent)
    .max(1000)
    .default([])
    .describe('DIDs whose keys are known here. A name like `did:ath:office` needs this.'),
})
