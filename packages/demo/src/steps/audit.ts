import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expectAll, type Step } from '../run/step.ts'
import { readRecords } from './audit-records.ts'
import type { Stage } from './stage.ts'

/** The decisions of the run, by the names that ATH gives them. Denying a registration outright is not part of it. */
const decisions = [
  'agent_registered',
  'attestation_failed',
  'authorization_started',
  'access_granted',
  'access_denied',
  'proxy_request',
  'scope_violation',
  'token_revoked',
] as const

/** What the nine-step handshake adds to them. */
const nineStepDecisions = [
  'user_key_added',
  'handshake_started',
  'identity_proven',
  'confirmation_requested',
  'consent_given',
  'session_opened',
  'request_refused',
  'token_refreshed',
  'credential_revoked',
  'session_ended',
] as const

export const verifyAudit: Step<Stage> = {
  name: 'audit_verify',
  title: { en: 'sallyport audit verify', zh: '审计校验' },
  expected: 'intact; a changed copy is found out',
  async run({ gateway, text }) {
    const verified = await gateway.command(['audit', 'verify'])
    const recorded = (await readRecords(gateway)).map(({ event }) => event)
    const missing = [...decisions, ...nineStepDecisions].filter(
      (event) => !recorded.includes(event),
    )
    const copy = `${gateway.dataDir}-copy`
    const forged = await forgeOneRecord(gateway.dataDir, copy)
    const reverified = await gateway.command(['--data-dir', copy, 'audit', 'verify'])
    await rm(copy, { recursive: true })
    const intact = verified.exitCode === 0
    const found = reverified.exitCode !== 0
    return expectAll(
      `${intact ? 'intact' : 'broken'}; a changed copy is ${found ? '' : 'not '}found out`,
      {
        'the chain is whole': intact,
        'every kind of decision was recorded': missing.length === 0,
        'one record was changed in the copy': forged,
        'the change was found': found,
      },
      [
        firstLine(verified.stdout),
        ...missing.map((event) => `never recorded: ${event}`),
        text({
          en: `copy, one \`denied\` made \`allowed\`: ${firstLine(reverified.stdout)}`,
          zh: `副本中一个 \`denied\` 改成 \`allowed\`：${firstLine(reverified.stdout)}`,
        }),
      ],
    )
  },
}

/** Changes a refusal into a permission, as somebody with access to the disk might. */
async function forgeOneRecord(dataDir: string, copy: string): Promise<boolean> {
  // The gateway goes on running: what it is just writing may be gone before it is copied.
  await cp(dataDir, copy, { recursive: true, filter: (path) => !/\.(?:sock|new)$/.test(path) })
  const folder = join(copy, 'audit')
  for (const name of await readdir(folder)) {
    const file = join(folder, name)
    const before = await readFile(file, 'utf8')
    const after = before.replace('"outcome":"denied"', '"outcome":"allowed"')
    if (after === before) continue
    await writeFile(file, after)
    return true
  }
  return false
}

const firstLine = (output: string) =>
  output
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim() ?? ''
