import { createConsentDesk } from '../desk/desk.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { createLogin, type Login } from '../login/login.ts'
import type { LoginSettings } from '../login/settings.ts'
import { createMe } from '../me/me.ts'
import type { OutboundFetch } from '../oauth/bounded-fetch.ts'
import { createPasskeys } from '../passkeys/create-passkeys.ts'
import { relyingPartyOf } from '../passkeys/relying-party.ts'
import type { ConsentDesk } from '../ports/consent-desk.ts'
import type { Store } from '../ports/store.ts'
import { myPermissions } from './my-permissions.ts'

/** All that people see: the log-in, their own pages, the question. */
export interface People {
  readonly login: Login
  readonly me: ReturnType<typeof createMe>
  readonly desk: ConsentDesk
}

export function openPeople(
  ports: AthPorts,
  options: {
    readonly login: LoginSettings
    readonly store: Pick<Store, 'logins' | 'passkeys'>
    readonly outbound: OutboundFetch
    readonly brand?: string
  },
): People {
  const { store } = options
  const { baseUrl, aliases, allowLoopbackHttp, peopleMount: mount } = ports.config
  const login = createLogin({
    ...ports,
    ...options,
    ...(mount === undefined ? {} : { mount }),
    baseUrl,
    aliases,
    logins: store.logins,
    allowLoopbackHttp,
  })
  const passkeys = { store: store.passkeys, party: relyingPartyOf(baseUrl, aliases) }
  return {
    login,
    me: createMe({ login, ports, permissions: myPermissions(ports), passkeys }),
    desk: createConsentDesk({
      ...ports,
      login,
      passkeys: createPasskeys({ ...passkeys, clock: ports.clock }),
    }),
  }
}
