import { setTimeout as sleep } from 'node:timers/promises'
import { AthError } from '@ath-protocol/client'
import type { Question, UserClient } from '@ath-protocol/client/person'
import type { CommandSpec } from '../command-spec.ts'
import { readDuration, readScopes } from '../flags.ts'
import { duration, lasting } from '../output/shown.ts'
import { openPerson } from '../person.ts'
import type { RunContext } from '../run-context.ts'
import { UsageError } from '../usage-error.ts'
import { describeQuestion, scopesAsked } from './question.ts'

const watchSeconds = 3

export const inbox: CommandSpec = {
  usage: 'inbox',
  summary: 'For people: see what agents ask you for, and answer.',
  examples: [
    'athx inbox',
    'athx inbox approve req_… --scope oa:read --for 4h',
    'athx inbox --watch',
  ],
  next: 'athx inbox approve <question> · athx inbox deny <question>',
  options: (command) => {
    command.option('--watch', 'stay and show each question as it comes')
  },
  run: async (context) => {
    const person = await openPerson(context)
    if (context.flags.on('watch')) return watch(context, person)
    const { requests, user_id } = await person.inbox()
    await context.out.result(
      { user_id, requests },
      requests.length === 0
        ? 'nothing waits for you'
        : requests.map((one) => describeQuestion(one, context.io.now())).join('\n\n'),
    )
  },
  commands: [
    {
      usage: 'show <question>',
      summary: 'Show one question, by its reference or id.',
      examples: ['athx inbox show req_…', 'athx inbox show req_… --json', 'athx inbox show cns_…'],
      next: 'athx inbox approve <question> · athx inbox deny <question>',
      run: async (context, [name = '']) => {
        const question = await findQuestion(await openPerson(context), name)
        await context.out.result(question, describeQuestion(question, context.io.now()))
      },
    },
    {
      usage: 'approve <question>',
      summary: 'Say yes, or yes to less; signed with your key.',
      examples: [
        'athx inbox approve req_…',
        'athx inbox approve req_… --scope oa:read',
        'athx inbox approve req_… --for 4h',
      ],
      next: 'athx grant list · athx inbox',
      options: (command) => {
        command
          .option('--scope <list>', 'only these (default: all that is asked)')
          .option('--for <duration>', 'how long (default: as long as is asked)')
      },
      run: approve,
    },
    {
      usage: 'deny <question>',
      summary: 'Say no; signed with your key.',
      examples: ['athx inbox deny req_…', 'athx inbox deny req_… --json', 'athx inbox deny cns_…'],
      next: 'athx inbox',
      run: async (context, [name = '']) => {
        const person = await openPerson(context)
        const question = await findQuestion(person, name)
        const decided = await person.decide(question, { scopes: [], lifetimeSeconds: 0 })
        await context.out.result(decided, `${decided.status}  ${question.reference}`)
      },
    },
  ],
}

async function approve(context: RunContext, [name = '']: readonly string[]): Promise<void> {
  const { flags, out } = context
  const person = await openPerson(context)
  const question = await findQuestion(person, name)
  refuseWeak(question)
  const asked = scopesAsked(question)
  const wanted = flags.text('scope')
  const scopes = wanted === undefined ? asked : readScopes(wanted)
  const extra = scopes.filter((scope) => !asked.includes(scope))
  if (extra.length > 0)
    throw new UsageError(
      `this was not asked: ${extra.join(' ')}`,
      `choose among: ${asked.join(' ')}`,
    )
  const time = flags.text('for')
  const longest = question.longest_seconds
  const lifetimeSeconds = time === undefined ? longest : Math.round(readDuration(time, '--for'))
  if (lifetimeSeconds > longest)
    throw new UsageError(
      `--for is longer than is asked: ${duration(lifetimeSeconds)}`,
      `at most ${duration(longest)}`,
    )
  const decided = await person.decide(question, { scopes, lifetimeSeconds })
  await out.result(
    decided,
    `${decided.status}  ${question.reference}  ${decided.approved_scopes.join(' ')}  for ${lasting(decided.lifetime_seconds)}`,
  )
}

/** A key in a file is one factor, and cannot lead to a provider's own page. */
function refuseWeak({ needs, page }: Question): void {
  if (needs === undefined) return
  throw new AthError('FORBIDDEN', {
    message:
      needs === 'passkey'
        ? 'this question needs your passkey'
        : 'this question has to be answered on its page',
    fix: `open ${page}`,
    details: { needs, page },
  })
}

async function findQuestion(person: UserClient, name: string): Promise<Question> {
  const { requests } = await person.inbox()
  const found = requests.find(({ id, reference }) => id === name || reference === name)
  if (found) return found
  throw new AthError('NOT_FOUND', {
    message: `no question \`${name}\` waits for you`,
    fix: 'it may be answered or expired: athx inbox',
  })
}

async function watch({ io, out }: RunContext, person: UserClient): Promise<void> {
  const known = new Map<string, Question>()
  out.say('watching  Ctrl-C ends it')
  for (;;) {
    const { requests } = await person.inbox()
    for (const one of requests)
      if (!known.has(one.id)) {
        known.set(one.id, one)
        await out.result(one, `${describeQuestion(one, io.now())}\n`)
      }
    for (const one of known.values())
      if (!requests.some(({ id }) => id === one.id)) {
        known.delete(one.id)
        out.say(`gone      ${one.reference}: answered or expired`)
      }
    await sleep(watchSeconds * 1000, undefined, { signal: io.interrupted })
  }
}
