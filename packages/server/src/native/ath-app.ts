import { isSessionTokenOf, prefix } from '@ath-protocol/types'
import { environment } from '../adapters/system/environment.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { systemRandom } from '../adapters/system/random.ts'
import type { AuditSink } from '../ports/audit.ts'
import { publicJson } from '../wire/answer.ts'
import { refusal, toAppAnswer } from './app-answer.ts'
import type { AppParts } from './app-parts.ts'
import { type AppAnswer, type AppRequest, athCallOf, headerOf, pathOf } from './app-request.ts'
import { auditLines } from './audit-lines.ts'
import { openApp } from './open-app.ts'
import type { AthOptions } from './options.ts'
import { proxied } from './proxied.ts'
import { publishedKeysPath, serviceDocument } from './service-document.ts'
import { checkGuard, type GuardOptions } from './guard-options.ts'
import { type NativeSettings, readOptions } from './settings.ts'
import { Visit } from './visit.ts'

/** ATH inside an app, free of any framework: what the adapters for Express, Fastify, Hono and fetch stand on. */
export interface AthApp<Scope extends string = string> {
  /** Resolves once store and keys are open; rejects with what is wrong. Requests wait for it by themselves. */
  ready(): Promise<void>
  /** Ends what is under way and closes the store. */
  close(): Promise<void>
  /** Whether an address is ATH's own. */
  owns(path: string): boolean
  /** Answers ATH's own addresses: discovery, the endpoints, people's pages, the proxy. Never throws. */
  answer(request: AppRequest): Promise<AppAnswer>
  /** Throws `AthSetupError` for a guard that can never let anybody in. */
  checkGuard(scope: Scope, guard: Pick<GuardOptions<never>, 'stepUp'>): void
  /** One request to a route of the app. */
  visit(request: AppRequest): Visit<Scope>
}

/** Throws `AthSetupError` at once for options that cannot work; what has to be opened is opened in the background. */
export function createAthApp<const Scope extends string>(
  options: AthOptions<Scope>,
): AthApp<Scope> {
  const settings = readOptions(options as AthOptions, environment)
  const log = options.log ?? environment.warn
  if (settings.warnings.length > 0)
    log(
      `ath: ${settings.appId} runs with what is for development only:\n${settings.warnings.map((line) => `  ${line}`).join('\n')}`,
    )
  return appOf(settings, { audit: auditOf(options), log })
}

export function auditOf({ audit }: Pick<AthOptions, 'audit'>): AuditSink {
  if (audit && 'record' in audit) return audit
  return auditLines(audit ?? ((line) => environment.warn(JSON.stringify(line))), {
    clock: systemClock,
    random: systemRandom,
  })
}

export function appOf<Scope extends string>(
  settings: NativeSettings,
  reports: { readonly audit: AuditSink; readonly log: (line: string) => void },
): AthApp<Scope> & { readonly parts: Promise<AppParts> } {
  const opening = openApp(settings, reports)
  opening.catch((cause: unknown) =>
    reports.log(
      `ath: ${settings.appId} lets no agent in: ${cause instanceof Error ? cause.message : String(cause)}`,
    ),
  )
  let closing: Promise<void> | undefined
  /** What is not open lets nobody in. */
  const withParts = async (use: (parts: AppParts) => Promise<AppAnswer>): Promise<AppAnswer> => {
    let parts: AppParts
    try {
      parts = await opening
    } catch (cause) {
      return refusal({ reason: 'dependency_down', dependency: 'ath', cause: String(cause) })
    }
    try {
      return await use(parts)
    } catch (cause) {
      parts.ports.report(cause, '')
      return refusal({ reason: 'bug', cause })
    }
  }
  return {
    parts: opening,
    ready: async () => void (await opening),
    close: () =>
      (closing ??= opening.then(
        (parts) => parts.close(),
        () => {},
      )),
    owns: (path) => path === discoveryPath || path.startsWith('/ath/'),
    answer: (request) =>
      withParts(async (parts) => {
        const path = pathOf(request)
        if (path === discoveryPath) return discovery(parts, request)
        if (path === publishedKeysPath) return publishedKeys(parts)
        if (path.startsWith('/ath/proxy/')) return proxied(parts, request)
        const call = await athCallOf(request)
        if (!call.ok) return refusal(call.error)
        const answered = await parts.answer(call.value)
        return answered ? toAppAnswer(answered, settings) : refusal({ reason: 'route_unknown' })
      }),
    checkGuard: (scope, guard) => checkGuard(settings, scope, guard),
    visit: (request) =>
      new Visit(request, {
        opening,
        settings,
        bearsToken: bearsToken(request, settings.config.baseUrl),
      }),
  }
}

const discoveryPath = '/.well-known/ath-app.json'

async function discovery(parts: AppParts, { method }: AppRequest): Promise<AppAnswer> {
  const { settings, nineStep } = parts
  if (method !== 'GET' && method !== 'HEAD')
    return refusal({ reason: 'method_unknown', allow: ['GET'] })
  const server = await parts.findOAuthServer()
  if (!server.ok)
    return refusal({ reason: 'dependency_down', dependency: 'OAuth server', cause: 'no metadata' })
  const metadata = server.value.config.serverMetadata()
  const document = serviceDocument(
    settings,
    {
      authorizationEndpoint: metadata.authorization_endpoint ?? '',
      tokenEndpoint: metadata.token_endpoint ?? '',
      registrationEndpoint: metadata.registration_endpoint,
    },
    nineStep,
  )
  return toAppAnswer(publicJson(JSON.stringify(document)), settings)
}

/** The keys that access tokens of sessions are signed with (U9). */
function publishedKeys({ settings, nineStep }: AppParts): AppAnswer {
  const { signer, publicKey } = nineStep?.tokenKey ?? {}
  const keys = signer ? [{ ...publicKey?.jwk, kid: signer.kid, alg: signer.alg, use: 'sig' }] : []
  return toAppAnswer(publicJson(JSON.stringify({ keys })), settings)
}

/**
 * Whether a request comes with an access token of ours, good or not. The app's own tokens are other texts, or JWTs of
 * another issuer.
 */
function bearsToken(request: AppRequest, baseUrl: string): boolean {
  const given = headerOf(request, 'authorization') ?? ''
  // Also where it stands oddly, or beside another: what is nobody's else is not for the app's own log-in to read.
  if (opaqueToken.test(given)) return true
  const jwt = /^bearer\s+(\S+)$/i.exec(given)?.[1]
  return jwt !== undefined && isSessionTokenOf(jwt, baseUrl)
}

const opaqueToken = new RegExp(`(?<![A-Za-z0-9._~+/-])${prefix.token}`)
