import type { AthCall } from '../wire/http.ts'

/** Where a page can be opened again: its path and its query. */
export function pageAddress({ path, query }: Pick<AthCall, 'path' | 'query'>): string {
  return query.size === 0 ? path : `${path}?${query}`
}
