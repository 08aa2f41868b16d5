import type { AthCall } from '../wire/http.ts'

/** The address of one of people's pages, wherever they hang. */
export const ownPath = ({ mount = '' }: Pick<AthCall, 'mount'>, path: string): string =>
  `${mount}${path}`

/** The page that a call wants, by its address without the mount; undefined when it is not below it. */
export function pageOf({ mount = '', path }: Pick<AthCall, 'mount' | 'path'>): string | undefined {
  return path.startsWith(`${mount}/`) ? path.slice(mount.length) : undefined
}
