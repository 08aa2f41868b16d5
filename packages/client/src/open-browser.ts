/** Opens a page in the user's browser, without a shell. False where that is not possible (no desktop, not Node). */
export async function openBrowser(url: string): Promise<boolean> {
  const { protocol, href } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') return false
  try {
    const [{ spawn }, { platform }] = await Promise.all([
      import('node:child_process'),
      import('node:process'),
    ])
    const [command, ...args] =
      platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', href]
        : [platform === 'darwin' ? 'open' : 'xdg-open', href]
    return await new Promise((resolve) => {
      const child = spawn(command as string, args, { stdio: 'ignore', detached: true })
      child.once('error', () => resolve(false))
      child.once('spawn', () => resolve(true))
      child.unref()
    })
  } catch {
    return false
  }
}
