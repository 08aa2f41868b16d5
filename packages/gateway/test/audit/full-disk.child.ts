/** Records until the file may not grow any more, and says what happened. Arguments: the audit folder, the folder of its keys. */
import { openTestAudit, proxied, signerOf } from './fixture.ts'

const [dir = '', keysDir = ''] = process.argv.slice(2)
const audit = await openTestAudit(dir, { signer: signerOf(keysDir) })
let refusal: unknown
let rejection: unknown
for (let count = 0; count < 1000 && !refusal; count++) {
  try {
    audit.record(proxied(`/${count}`))
  } catch (cause) {
    refusal = cause
  }
  await audit.settled().catch((cause: unknown) => {
    rejection ??= cause
  })
}
const broken = audit.broken()
process.stdout.write(
  JSON.stringify({
    refusedAfter: refusal === broken && broken !== undefined,
    code: (rejection as NodeJS.ErrnoException | undefined)?.code,
    settledRejects: rejection !== undefined,
  }),
)
process.exit()
