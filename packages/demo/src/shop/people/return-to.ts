/** Where somebody goes on after signing in: a page of this shop, or the first one. */
export function readReturnTo(value: unknown): string {
  // One slash, then nothing that a browser could read as another site.
  return typeof value === 'string' && /^\/(?![/\\])[\w\-./?=&%]{0,200}$/.test(value) ? value : '/'
}

export const signInPath = (returnTo: string): string =>
  `/sign-in?${new URLSearchParams({ return_to: returnTo })}`
