import type { HeaderList } from '../proxy/headers.ts'
import { type Failure, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts, Route } from './exchange.ts'
import type { LiveToken } from './live-token.ts'

type Minted = Result<{ credentialHeaders: HeaderList }, Failure>

/** What the upstream gets to know of who is calling: its own credential, never the agent's (R97, R101). */
export function mint(
  _: ProxyPorts,
  {
    token,
    route,
    path,
  }: {
    readonly token: LiveToken
    readonly route: Route
    readonly path: string
  },
): Minted | Promise<Minted> {
  const minted = route.credential.mint(token, path)
  return minted instanceof Promise ? minted.then(named) : named(minted)
}

const named = (minted: Result<HeaderList, Failure>): Minted =>
  minted.ok ? ok({ credentialHeaders: minted.value }) : minted
