import { Command, InvalidArgumentError, Option } from 'commander'
import type { Call, Mode } from './subject/settings.ts'
import type { Handshake } from './rows/row.ts'
import { readVersion } from './version-number.ts'

/** What the command line says. */
export interface Options {
  readonly url?: string
  readonly mode?: Mode
  readonly handshake: Handshake
  readonly provider?: string
  readonly scopes?: readonly string[]
  readonly call?: Call
  readonly refusedCall: Call
  readonly echo?: string
  readonly consent?: 'auto' | 'command' | 'print'
  readonly consentCommand?: string
  readonly ca?: string
  readonly form: Readonly<Record<string, string>>
  readonly approveButton?: string
  readonly denyButton?: string
  readonly agentHost?: string
  readonly agentListen: { readonly host: string; readonly port: number }
  readonly agentId?: string
  readonly key?: string
  readonly clientId?: string
  readonly userKey?: string
  readonly json?: string
  readonly list?: boolean
  readonly only: readonly string[]
  readonly expectedFailures?: string
  readonly timeout: number
}

const afterwards = `
Consent: checks in which a person agrees or denies are skipped unless --consent says how that is done.
  --consent auto                         a built-in browser signs in (--form login=alice --form password=…) and presses
                                         the button; for development servers
  --consent command --consent-command 'answer {url} {approve|deny}'
                                         runs this; it exits with 0 when the person has answered
  --consent print                        prints the address; you open it, answer, and press Enter

Calls: the paths of --call, --refused-call and --echo are those below the provider (gateway), or of the app (native):
with the path of its api_base or without, "GET /api/items" or "GET /items".

The test agents publish their identity documents on 127.0.0.1. A server on another machine reaches them by a tunnel
(--agent-host https://tunnel.example), or is given one agent that you publish (--agent-id … --key …); checks that need
more agents are then skipped. ATH_CLIENT_SECRET holds the secret that belongs to --client-id.

Nine steps: --user-key is the private key of a person who registered it at the server; with it the suite signs what
the person allows ahead, and answers the questions put to them.

Exit codes: 0 no row failed; 1 a row failed, or passed although --expected-failures names it; 2 the command line is
wrong; 3 the server cannot be reached or publishes no discovery document.
`

/** The command line of the suite. Parsing has no effect of its own. */
export function createCommand(): Command {
  return new Command('conformance')
    .description(
      'Checks an ATH 0.1 server from outside, one check for each row of the requirements.',
    )
    .version(readVersion(), '-V, --version', 'print the version')
    .option('--url <url>', 'the public base URL of the server')
    .addOption(
      new Option('--mode <mode>', 'what it is; default: what it publishes').choices([
        'gateway',
        'native',
      ]),
    )
    .addOption(
      new Option('--handshake <kind>', 'which handshake')
        .choices(['two-phase', 'nine-step'])
        .default('two-phase'),
    )
    .option('--ca <file>', 'trust https servers of this authority (PEM), in this run alone')
    .option('--provider <id>', 'the provider to ask for; default: the first that is published')
    .option('--scopes <a,b>', 'the scopes to ask for; default: all of that provider', list)
    .option(
      '--call <call>',
      'a call that the scopes open, like "GET /items"; default: "GET /", and where that opens nothing, checks are skipped',
      readCall,
    )
    .option('--refused-call <call>', 'a call that no scope opens', readCall, {
      method: 'DELETE',
      path: '/ath-conformance-no-such-thing',
    })
    .option(
      '--echo <path>',
      'a path that answers any method with { method, headers, data } of the request it got',
    )
    .addOption(
      new Option('--consent <how>', 'who answers for the person').choices([
        'auto',
        'command',
        'print',
      ]),
    )
    .option('--consent-command <command>', 'for --consent command')
    .option(
      '--form <name=value>',
      'a log-in field, for --consent auto; may be repeated',
      readField,
      {},
    )
    .option('--approve-button <text>', 'value or words of the button that agrees')
    .option('--deny-button <text>', 'value or words of the button that denies')
    .option('--agent-host <url>', 'how the server reaches the documents of the test agents')
    .option('--agent-listen <host:port>', 'where they are served', readListen, {
      host: '127.0.0.1',
      port: 0,
    })
    .option('--agent-id <url>', 'one agent whose document you publish; needs --key')
    .option('--key <file>', 'its private key, PKCS #8 PEM or JWK')
    .option('--client-id <id>', 'it is registered already, under this id')
    .option('--user-key <file>', "a person's private key, for nine steps")
    .option('--json <file>', 'write the evidence here')
    .option('--list', 'print all rows, with their checks or why there are none')
    .option('--only <ids>', 'these rows only: R45,R46', list, [])
    .option('--expected-failures <file>', 'rows that are known to fail, one id a line')
    .option('--timeout <seconds>', 'for each request', readSeconds, 30)
    .addHelpText('after', afterwards)
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false)
    .exitOverride()
}

const list = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

function readCall(text: string): Call {
  const [, method, path] = /^([A-Z]+) (\/\S*)$/.exec(text) ?? []
  if (method === undefined || path === undefined)
    throw new InvalidArgumentError('write a method and a path, like "GET /items"')
  return { method, path }
}

function readField(text: string, before: Readonly<Record<string, string>>) {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('write name=value')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function readListen(text: string) {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || port === undefined)
    throw new InvalidArgumentError('write an address and a port, like 127.0.0.1:4000')
  return { host, port: Number(port) }
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0)) throw new InvalidArgumentError('write seconds, like 30')
  return seconds
}
