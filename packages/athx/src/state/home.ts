import { join } from 'node:path'
import type { Io } from '../io.ts'

/** Where athx keeps its files: `ATHX_HOME`, else `athx` in the XDG config directory. */
export function findHome(io: Pick<Io, 'env' | 'homeDir'>): string {
  const { ATHX_HOME, XDG_CONFIG_HOME } = io.env
  if (ATHX_HOME) return ATHX_HOME
  return join(XDG_CONFIG_HOME || join(io.homeDir, '.config'), 'athx')
}

export const defaultKeyPath = (home: string) => join(home, 'keys', 'agent.pem')
export const defaultUserKeyPath = (home: string) => join(home, 'keys', 'user.pem')
