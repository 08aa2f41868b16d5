import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { CommandSpec } from '../command-spec.ts'
import type { ExitCode } from '../exit-code.ts'
import { readScopes } from '../flags.ts'
import { dataFolder } from '../init/config-text.ts'
import type { Plan } from '../init/plan.ts'
import { shown } from '../output/shown.ts'
import type { RunContext } from '../run-context.ts'
import { UsageError } from '../usage-error.ts'

export const init: CommandSpec = {
  usage: 'init',
  summary: 'Make an app speak ATH itself.',
  examples: [
    'npx athx init native',
    'athx init native --dry-run',
    'athx init native --scopes products:read,cart:write --yes',
  ],
  next: 'athx init native',
  commands: [
    {
      usage: 'native',
      summary:
        'Plug ATH into an Express, Fastify or Hono app: three lines and a configuration. Shows the diff and asks first.',
      examples: [
        'athx init native',
        'athx init native --app-id com.acme.shop --url http://localhost:8080 --yes',
        'athx init native --remove',
      ],
      next: 'npm install, start your app, then: athx try',
      options: (command) => {
        command
          .option('-y, --yes', 'edit without asking')
          .option('-n, --dry-run', 'show the diff and edit nothing')
          .option('--remove', 'take ATH out of the app again')
          .option('--scopes <list>', 'the scopes to offer (default: guessed from the routes)')
          .option('--app-id <id>', 'the app’s id, a reversed domain (default: com.example.<name>)')
          .option(
            '--url <url>',
            'where agents reach the app (default: http://localhost and its port)',
          )
          .option('--file <path>', 'the file in which the app is made, where there are several')
          .option('--dir <folder>', 'the app’s folder (default: this one)')
      },
      run: initNative,
    },
  ],
}

async function initNative(context: RunContext): Promise<ExitCode> {
  const { flags, io, out } = context
  // Only this command needs a parser: the others start without it.
  const { readProject } = await import('../init/project.ts')
  const { planNative, planRemoval } = await import('../init/plan.ts')
  const { applyChanges, diffOf, kindOf } = await import('../init/change.ts')
  const directory = resolve(io.cwd, flags.text('dir') ?? '.')
  const remove = flags.on('remove')
  const project = await readProject(directory)
  const scopes = flags.text('scopes')
  const plan = remove
    ? await planRemoval(project, flags.text('file'))
    : await planNative(project, {
        file: flags.text('file'),
        scopes: scopes === undefined ? undefined : readScopes(scopes),
        appId: flags.text('appId'),
        url: readUrl(flags.text('url')),
      })
  const { appEdit, changes } = plan
  const diff = changes.map(diffOf).join('')
  if (!out.json) await show(context, plan, diff, remove)
  const dry = flags.on('dryRun')
  const edit = changes.length > 0 && !dry && (await isWanted(context, plan))
  if (edit) await applyChanges(directory, changes)
  const byHand = appEdit.kind === 'unclear' ? appEdit : undefined
  if (out.json)
    await out.result(
      {
        found: plan.found,
        scopes: plan.guess?.scopes ?? [],
        left_out: plan.guess?.leftOut ?? [],
        changes: changes.map((one) => ({ path: one.path, kind: kindOf(one), diff: diffOf(one) })),
        edited: edit,
        ...(byHand
          ? { by_hand: { why: byHand.why, where: byHand.where, lines: byHand.lines } }
          : {}),
        notes: plan.notes,
      },
      '',
    )
  if (edit) tellNext(context, plan, remove)
  else if (changes.length > 0 && !dry)
    out.say(`\nnothing was edited; to edit: ${repeated(context, '--yes')}`)
  if (byHand) return 9
  return changes.length === 0 || edit || dry ? 0 : 2
}

/** What was found and the diff; the diff alone goes to stdout, as `git apply` takes it. */
async function show(
  { io, out }: RunContext,
  { found, guess, appEdit, changes, notes }: Plan,
  diff: string,
  remove: boolean,
): Promise<void> {
  out.say(
    `found     ${found.framework} ${found.version} in ${found.file} (${found.modules}, ${found.language}, ${found.package_manager})`,
  )
  if (guess) {
    out.say(`routes    ${found.routes} found; ${guess.scopes.length} scopes below ${guess.apiBase}`)
    for (const { scope, routes } of guess.scopes)
      out.say(`  ${scope}  ${routes.join(', ') || 'no route: opened by requireScope only'}`)
    for (const { route, why } of guess.leftOut) out.say(`  closed  ${route} (${why})`)
  }
  for (const note of notes) out.say(`note      ${note}`)
  if (appEdit.kind === 'unclear') {
    out.say(`by hand   ${found.file} is not edited: ${appEdit.why}`)
    if (remove) out.say(`  take out what comes from @ath-protocol/server, from ${appEdit.where} on`)
    else {
      out.say('  at its head:')
      for (const line of appEdit.lines.imports) out.say(`    ${line}`)
      out.say(`  after ${appEdit.where}:`)
      out.say(`    ${appEdit.lines.mount.trim()}`)
    }
  } else if (changes.length === 0)
    out.say(
      remove ? 'nothing to remove: ATH is not in this app' : 'nothing to do: ATH is in this app',
    )
  if (diff === '') return
  // Names and sources come from elsewhere; a terminal shall show them, not obey them.
  io.stdout.write(isTerminal(io.stdout) ? shown(diff) : diff)
}

async function isWanted(context: RunContext, { changes }: Plan): Promise<boolean> {
  const { flags, io, out } = context
  if (flags.on('yes')) return true
  if (out.json || !io.talksToPerson || !isTerminal(io.stdin)) return false
  const prompt = createInterface({ input: io.stdin, output: io.stderr })
  try {
    const answer = await prompt.question(
      `\nedit ${changes.map(({ path }) => path).join(', ')}? (y/n) `,
      { signal: io.interrupted },
    )
    return /^y(?:es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}

const isTerminal = (stream: object): boolean => 'isTTY' in stream && stream.isTTY === true

function tellNext(
  { out }: RunContext,
  { changes, found, configFile }: Plan,
  remove: boolean,
): void {
  for (const change of changes)
    out.say(`${change.after === undefined ? 'deleted ' : 'wrote   '}  ${change.path}`)
  const install = changes.some(({ path }) => path === 'package.json')
  if (install) out.say(`then      ${found.package_manager} install`)
  if (remove)
    return out.say(
      `left      ${dataFolder}/ with what agents were granted, if there is one: delete it`,
    )
  out.say(`check     the scopes in ${configFile}, then start the app and run: athx try`)
}

/** The command line of this run with one more flag. */
function repeated({ flags }: RunContext, flag: string): string {
  const texts = ['scopes', 'appId', 'url', 'file', 'dir'].flatMap((name) => {
    const value = flags.text(name)
    const long = name === 'appId' ? 'app-id' : name
    return value === undefined
      ? []
      : [
          `--${long} ${/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`,
        ]
  })
  return ['athx init native', ...(flags.on('remove') ? ['--remove'] : []), ...texts, flag].join(' ')
}

function readUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
    return text.replace(/\/+$/, '')
  throw new UsageError(`not a URL: ${text}`, 'write it whole, like --url http://localhost:3000')
}
