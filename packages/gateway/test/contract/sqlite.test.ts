import {
  grantsContract,
  handshakesContract,
  type Open,
  providerTokensContract,
  registryContract,
  replayContract,
  tokensContract,
} from '@sallyport/testing'
import type { Store } from '../../src/adapters/sql/store.ts'
import { createFolder, openTestStore } from '../data-folder.ts'
import { loginsContract } from './logins-contract.ts'

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
