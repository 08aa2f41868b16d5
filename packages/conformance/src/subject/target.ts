import { Unavailable } from '../check/verdict.ts'
import type { Answer } from '../wire/http.ts'
import type { Settings } from './settings.ts'

/** What the test agents ask for. */
export interface Target {
  readonly providerId: string
  readonly scopes: readonly string[]
  /** Another provider of the subject, if there is one. */
  readonly otherProviderId: string | undefined
  /** Native mode: where direct calls go, without a slash at its end. */
  readonly apiBase: string
}

type Members = Readonly<Record<string, unknown>>

/** Chooses provider and scopes by the discovery document, unless the run names them. */
export function readTarget(settings: Settings, { json }: Answer): Target {
  const found =
    settings.mode === 'native' ? readApp(json, settings.base) : readGateway(json, settings)
  const providerId = settings.provider ?? found.providerId
  const scopes = settings.scopes ?? found.scopes
  if (providerId === undefined || scopes.length === 0)
    throw new Unavailable(
      'discovery names no provider with scopes: name them with --provider and --scopes',
    )
  return { ...found, providerId, scopes }
}

function readGateway(json: Members, { provider, base }: Settings) {
  const listed = Array.isArray(json['supported_providers']) ? json['supported_providers'] : []
  const all = (listed as readonly Members[]).map((one) => ({
    id: String(one['provider_id']),
    scopes: Array.isArray(one['available_scopes']) ? (one['available_scopes'] as string[]) : [],
  }))
  const chosen =
    all.find(({ id }) => id === provider) ?? (provider === undefined ? all[0] : undefined)
  return {
    providerId: chosen?.id,
    scopes: chosen?.scopes ?? [],
    otherProviderId: all.find(({ id }) => id !== chosen?.id)?.id,
    apiBase: base,
  }
}

function readApp(json: Members, base: string) {
  const auth = (json['auth'] ?? {}) as Members
  const apiBase = typeof json['api_base'] === 'string' ? json['api_base'] : base
  return {
    providerId: typeof json['app_id'] === 'string' ? json['app_id'] : undefined,
    scopes: Array.isArray(auth['scopes_supported']) ? (auth['scopes_supported'] as string[]) : [],
    otherProviderId: undefined,
    apiBase: apiBase.replace(/\/$/, ''),
  }
}
