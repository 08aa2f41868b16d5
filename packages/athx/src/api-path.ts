/** A path as the app knows it, `/api/products`, or as its `api_base` makes it, `/products`. */
export function pathInApi(path: string, apiBase: string): string {
  const { origin, pathname } = new URL(apiBase)
  const below = pathname.replace(/\/$/, '')
  return below !== '' && `${path}/`.startsWith(`${below}/`) ? `${origin}${path}` : path
}
