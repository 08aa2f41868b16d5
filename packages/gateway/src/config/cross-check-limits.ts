import { parseDid, qualifiedScope } from '@ath-protocol/types'
import type { Finding, PathPart } from './problem.ts'
import type { ConfigFile } from './schema.ts'

/** What the sections about restrictions and DIDs say that does not hold together. */
export function checkLimits(file: ConfigFile): readonly Finding[] {
  return [
    ...checkAmounts(file),
    ...checkPasskeys(file),
    ...checkQualifiedNames(file),
    ...checkLabels(file),
  ]
}

/** An amount that nobody finds cannot be limited, and what is not enforced must not be promised (U13). */
function checkAmounts(file: ConfigFile): readonly Finding[] {
  const all = Object.keys(file.providers)
  const limited: readonly (readonly [PathPart[], readonly string[]])[] = [
    ...applies(file.restrictions, ['restrictions'], all),
    ...Object.entries(file.providers).flatMap(([id, { restrictions }]) =>
      applies(restrictions, ['providers', id, 'restrictions'], [id]),
    ),
    ...file.agents.flatMap(({ restrictions, allow }, index) =>
      applies(restrictions, ['agents', index, 'restrictions'], Object.keys(allow ?? {})),
    ),
  ]
  return limited.flatMap(([path, ids]) =>
    ids
      .filter((id) => Object.hasOwn(file.providers, id) && !file.providers[id]?.amounts?.length)
      .map((id) => ({
        path: [...path, 'order_amount_limit'],
        problem: `cannot be enforced: provider ${id} does not say where an order’s amount is`,
        fix: `add providers.${id}.amounts: [{ match: POST /api/orders, field: /total }]`,
      })),
  )
}

const risks = ['low', 'medium', 'high', 'never']

/** Without our page nobody asks for a passkey in the two-phase handshake. */
function checkPasskeys({ gateway, providers }: ConfigFile): readonly Finding[] {
  return Object.entries(providers).flatMap(([id, { consent_page, scopes }]): Finding[] => {
    const risky = Object.entries(scopes).find(([, entry]) => {
      const risk = Array.isArray(entry) || !('risk' in entry) ? 'medium' : (entry.risk ?? 'medium')
      return risks.indexOf(risk) >= risks.indexOf(gateway.passkey_from)
    })
    if (consent_page !== false || !risky) return []
    const problem = `nobody would ask for a passkey, which scope \`${risky[0]}\` needs`
    return [{ path: ['providers', id, 'consent_page'], problem, fix: 'remove it' }]
  })
}

function applies(
  restrictions: ConfigFile['restrictions'],
  path: PathPart[],
  ids: readonly string[],
): readonly (readonly [PathPart[], readonly string[]])[] {
  return restrictions?.order_amount_limit === undefined ? [] : [[path, ids]]
}

/** The nine-step handshake names a scope with its provider before it; two that then are one could not be told apart. */
function checkQualifiedNames({ providers }: ConfigFile): readonly Finding[] {
  return Object.entries(providers).flatMap(([providerId, { scopes }]) => {
    const seen = new Map<string, string>()
    return Object.keys(scopes).flatMap((name): Finding[] => {
      const qualified = qualifiedScope({ providerId, name })
      const first = seen.get(qualified)
      seen.set(qualified, first ?? name)
      if (first === undefined) return []
      const problem = `and scope \`${first}\` are both ${qualified} in the nine-step handshake`
      return [
        {
          path: ['providers', providerId, 'scopes', name],
          atKey: true,
          problem,
          fix: 'rename one',
        },
      ]
    })
  })
}

/** A name proves nothing by itself (U4): without a key here nobody can come under it. */
function checkLabels({ agents, nine_step: { agents: pinned } }: ConfigFile): readonly Finding[] {
  return agents.flatMap(({ agent }, index): Finding[] => {
    const did = agent === undefined ? undefined : parseDid(agent)
    if (!did?.ok || did.value.method !== 'ath_label') return []
    if (pinned.some((one) => one.did === agent)) return []
    const problem = 'no key is bound to this DID'
    const fix = `add nine_step.agents: [{ did: "${agent}", name: …, key_file: ./agent.pem }]`
    return [{ path: ['agents', index, 'agent'], problem, fix }]
  })
}
