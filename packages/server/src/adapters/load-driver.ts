import { StartError } from './start-error.ts'

/** A driver that only one kind of store needs, and that is installed only where it is used. */
export async function loadDriver<Driver>(
  name: string,
  load: () => Promise<Driver>,
): Promise<Driver> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new StartError(`this store needs the package ${name}`, `run \`npm install ${name}\``, {
      cause,
    })
  }
}
