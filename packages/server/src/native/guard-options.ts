import { AthSetupError } from './options.ts'
import type { NativeSettings } from './settings.ts'

/** How a guard on a route decides beyond its scope. */
export interface GuardOptions<Request> {
  /** Whether the person has to confirm this very request: `(req) => !(req.body.total <= 500)`. */
  readonly stepUp?: (request: Request) => boolean | Promise<boolean>
  /** What the request means, for the person who confirms it: `(req) => \`Order for ¥${req.body.total}\``. */
  readonly describe?: (request: Request) => string | Promise<string>
  /** Requests without an agent: refused (default), or on to the app's own rules. */
  readonly others?: 'refuse' | 'next'
}

/** Throws `AthSetupError` for a guard that could only ever refuse: better when the app starts than in front of a user. */
export function checkGuard(
  { appId, config, oauth }: NativeSettings,
  scope: string,
  { stepUp }: Pick<GuardOptions<never>, 'stepUp'>,
): void {
  const names = config.providers.get(appId)?.scopes.map(({ name }) => name) ?? []
  if (!names.includes(scope))
    throw new AthSetupError(
      `requireScope('${scope}'): there is no such scope`,
      `name one of: ${names.join(', ')}; or declare it under \`scopes\``,
    )
  if (stepUp && oauth.issuer === undefined)
    throw new AthSetupError(
      `requireScope('${scope}', { stepUp }): the user confirms on a page, and nobody can sign in here`,
      'give `oauth` with an `issuer` (OpenID Connect)',
    )
}
