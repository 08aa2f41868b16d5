import type { appOf } from '../native/ath-app.ts'
import type { NativeSettings } from '../native/settings.ts'
import type { TokenStore } from '../ports/grants.ts'

/** What handlers and proxy that share a token store are both of. */
export interface AppLink {
  readonly settings: NativeSettings
  app(): ReturnType<typeof appOf>
}

const links = new WeakMap<TokenStore, AppLink>()

export const linkApp = (tokens: TokenStore, link: AppLink): void => void links.set(tokens, link)

export const findLink = (tokens: TokenStore): AppLink | undefined => links.get(tokens)
