import type { Discovery, ServiceDiscovery } from '@ath-protocol/types'
import { AthError } from './ath-error.ts'
import { isService, offeredScopes } from './place.ts'

/** Which scopes are asked of which provider. */
export type ScopesByProvider = Readonly<Record<string, readonly string[]>>

/** What is asked of whom. A service that speaks ATH itself is asked under its own name, whatever it was called (C27). */
export function wantedScopes(
  description: Discovery | ServiceDiscovery,
  scopes: readonly string[] | ScopesByProvider,
  providers?: readonly string[],
): ScopesByProvider {
  const offers = offeredScopes(description)
  if (!isService(description)) return allotScopes(offers, scopes, providers)
  const list = isList(scopes) ? scopes : Object.values(scopes).flat()
  // A description by hand need not list them.
  const isKnown = description.auth.scopes_supported.length > 0
  return allotScopes(isKnown ? offers : { [description.app_id]: list }, list)
}

/**
 * Gives each scope to the provider that offers it. `providers` narrows where to look; a scope that two of them offer
 * must be asked by provider. Throws `ARGUMENT_INVALID` with what is on offer,
 * also where nothing is asked for.
 */
function allotScopes(
  offers: ScopesByProvider,
  scopes: readonly string[] | ScopesByProvider,
  providers?: readonly string[],
): ScopesByProvider {
  const offered = new Map(Object.entries(offers))
  const allotted = isList(scopes) ? allotList(offered, scopes, providers) : scopes
  if (Object.keys(allotted).length === 0)
    throw invalid('no scope was given', { offered: Object.values(offers).flat() })
  for (const id of [...(providers ?? []), ...Object.keys(allotted)]) {
    const available = offered.get(id)
    if (!available)
      throw invalid(`there is no provider \`${id}\``, { offered: [...offered.keys()] })
    const wanted = allotted[id] ?? []
    if (wanted.length === 0)
      throw invalid(`no scope was given for \`${id}\``, { offered: available })
    const unknown = wanted.find((scope) => !available.includes(scope))
    if (unknown !== undefined)
      throw invalid(`\`${id}\` has no scope \`${unknown}\``, { offered: available })
  }
  return allotted
}

function allotList(
  offered: ReadonlyMap<string, readonly string[]>,
  scopes: readonly string[],
  providers: readonly string[] = [...offered.keys()],
): ScopesByProvider {
  const allotted: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const scope of scopes) {
    const homes = providers.filter((id) => offered.get(id)?.includes(scope))
    const [home] = homes
    if (home === undefined)
      throw invalid(`nobody offers the scope \`${scope}\``, {
        offered: providers.flatMap((id) => offered.get(id) ?? []),
      })
    if (homes.length > 1)
      throw invalid(`several providers offer \`${scope}\`: ${homes.join(', ')}`, {
        providers: homes,
      })
    const list = (allotted[home] ??= [])
    if (!list.includes(scope)) list.push(scope)
  }
  return allotted
}

const isList = (scopes: readonly string[] | ScopesByProvider): scopes is readonly string[] =>
  Array.isArray(scopes)

const invalid = (message: string, details: Record<string, unknown>) =>
  new AthError('ARGUMENT_INVALID', {
    message,
    details,
    fix: 'see what is on offer: `athx discover`',
  })
