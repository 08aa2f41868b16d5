import { join } from 'node:path'

/** Where everything lies below the data directory; the gateway and the command line share it. */
export interface DataPaths {
  readonly storeFile: string
  readonly keysDir: string
  readonly auditDir: string
}

export function dataPaths(dataDir: string): DataPaths {
  return {
    storeFile: join(dataDir, 'store.db'),
    keysDir: join(dataDir, 'keys'),
    auditDir: join(dataDir, 'audit'),
  }
}
