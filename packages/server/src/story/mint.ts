import type { HeaderList } from '../proxy/headers.ts'
import { type Failure, ok, type Result } from '@ath-protocol/types'
import type { Unsealed } from './encrypted.ts'
import type { ProxyPorts, Received, Route } from './exchange.ts'
import type { LiveToken } from './live-token.ts'

type Minted = Result<{ credentialHeaders: HeaderList }, Failure>

type Minting = Received & {
  readonly token: LiveToken
  readonly route: Route
  readonly method: string
  readonly path: string
  readonly unsealed: Unsealed | undefined
}

/** What the upstream gets to know of who is calling: its own credential, never the agent's (R97, R101). */
export function mint(_: ProxyPorts, exchange: Minting): Minted | Promise<Minted> {
  const { token, route, path } = exchange
  const minted = route.credential.mint(token, path, exchange)
  return minted instanceof Promise ? minted.then(named) : named(minted)
}

const named = (minted: Result<HeaderList, Failure>): Minted =>
  minted.ok ? ok({ credentialHeaders: minted.value }) : minted
