import {
  consentsContract,
  grantsContract,
  handshakesContract,
  nineStepContract,
  type Open,
  preAuthorizationsContract,
  providerTokensContract,
  registryContract,
  replayContract,
  sessionsContract,
  tokensContract,
  upstreamLegsContract,
  userKeysContract,
} from '@sallyport/testing'
import type { Store } from '@ath-protocol/server/parts'
import { createFolder, openTestStore } from '../data-folder.ts'
import { channelIdentitiesContract, deliveriesContract } from './channels-contract.ts'
import { loginsContract } from './logins-contract.ts'
import { passkeysContract } from './passkeys-contract.ts'

const open =
  <Name extends keyof Store>(name: Name): Open<Store[Name]> =>
  async () => {
    const { dir, remove } = createFolder()
    const store = await openTestStore(dir)
    return { port: store[name], close: () => store.close().finally(remove) }
  }

registryContract('SQLite', open('registry'))
handshakesContract('SQLite', open('handshakes'))
grantsContract('SQLite', open('grants'))
tokensContract('SQLite', open('tokens'))
providerTokensContract('SQLite', open('providerTokens'))
replayContract('SQLite', open('replay'))
loginsContract('SQLite', open('logins'))
consentsContract('SQLite', open('consents'))
nineStepContract('SQLite', open('nineStep'))
sessionsContract('SQLite', open('sessions'))
userKeysContract('SQLite', open('userKeys'))
preAuthorizationsContract('SQLite', open('preAuthorizations'))
upstreamLegsContract('SQLite', open('legs'))
passkeysContract('SQLite', open('passkeys'))
channelIdentitiesContract('SQLite', open('channelIdentities'))
deliveriesContract('SQLite', open('deliveries'))
