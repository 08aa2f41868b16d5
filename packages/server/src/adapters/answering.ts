import { DependencyDown } from '../story/dependency-down.ts'

/** The same port, whose failures say that the store does not answer, so that callers refuse with 503. */
export function answering<Port extends object>(port: Port): Port {
  const wrapped = Object.entries(port).map(([name, method]) => [
    name,
    async (...parameters: unknown[]) => {
      try {
        return await (method as (...given: unknown[]) => Promise<unknown>)(...parameters)
      } catch (cause) {
        throw new DependencyDown('store', cause)
      }
    },
  ])
  return Object.fromEntries(wrapped) as Port
}
