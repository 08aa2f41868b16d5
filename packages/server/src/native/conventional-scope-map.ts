import type { ScopeMap } from '../proxy/scope-map.ts'

/** What stands before the resource in an API's paths, and names none. */
const prefixForm = /^(?:api|rest|v\d+)$/i

/**
 * The routes of scopes whose names say them: `products:read` opens GET on `/products/**`, `cart:write` opens POST, PUT,
 * PATCH and DELETE on `/cart/**`, below `/api` or a version as well. A name of another form opens nothing (R96).
 */
export function conventionalScopeMap(scopes: readonly string[]): ScopeMap {
  const known = scopes.flatMap((scope) => {
    const [resource, action, ...rest] = scope.split(':')
    const methods = action === undefined ? undefined : methodsOf[action]
    return resource && methods && rest.length === 0 ? [{ scope, resource, methods }] : []
  })
  return {
    admit(method, path, granted) {
      const resource = path
        .slice(1)
        .split('/')
        .find((segment) => !prefixForm.test(segment))
      const opening = known.filter(
        (one) => one.resource === resource && one.methods.includes(method),
      )
      const scope = opening.find((one) => granted.has(one.scope))?.scope
      return scope === undefined
        ? { allowed: false, anyOf: opening.map((one) => one.scope) }
        : { allowed: true, scope }
    },
  }
}

const writing = ['POST', 'PUT', 'PATCH', 'DELETE']
const methodsOf: Readonly<Record<string, readonly string[]>> = {
  read: ['GET', 'HEAD'],
  write: writing,
  create: ['POST'],
  update: ['PUT', 'PATCH'],
  delete: ['DELETE'],
}
