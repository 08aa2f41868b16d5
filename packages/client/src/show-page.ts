import { openBrowser } from './open-browser.ts'

/** Brings a page to whoever sits at this machine: on stderr, and in a browser where that is wanted. */
export async function showPage(url: string, what: string, open: boolean): Promise<void> {
  // oxlint-disable-next-line eslint/no-console -- the caller chose so, and a library has no other stderr
  console.error(`Open this page to ${what}: ${url}`)
  if (open) await openBrowser(url)
}
