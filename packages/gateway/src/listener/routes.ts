import type { IncomingMessage, ServerResponse } from 'node:http'
import { isProxyTarget } from '@ath-protocol/server/parts'
import type { ClientAddress } from './client-address.ts'
import { type ControlPlane, handleControl } from './control-plane.ts'
import type { DataPath } from './data-path.ts'
import { type Health, handleHealth } from './health.ts'
import { refuse } from './refuse.ts'

export interface Routes {
  readonly dataPath: Pick<DataPath, 'handle' | 'shortPaths'>
  readonly control: ControlPlane
  readonly health: Health
  readonly secure: boolean
  readonly address: ClientAddress
  draining: boolean
  readonly report?: (cause: unknown, recordId: string | undefined) => void
}

/** The first fork: the proxy, whose way must be short, and everything else. */
export function route(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): void {
  const target = originForm(request)
  if (target === undefined) {
    const problem = 'the request target is neither a path nor an absolute URL of this host'
    refuse(
      request,
      response,
      { reason: 'request_malformed', errors: [{ path: '', problem }] },
      undefined,
    )
    return
  }
  const peer = request.socket.remoteAddress
  const ip = routes.address.of(peer, () => forwardedFor(request))
  const context = { target, ip, expectsContinue }
  if (isProxyTarget(target, routes.dataPath.shortPaths))
    routes.dataPath.handle(request, response, context)
  else if (!handleHealth(target, response, { ...routes.health, ...pick(routes) }))
    void handleControl(request, response, context, {
      handle: routes.control,
      secure: routes.secure,
      ...(routes.report ? { report: routes.report } : {}),
    })
}

const pick = ({ draining, secure }: Routes) => ({ draining, secure })

/** RFC 9112 §3.2.2: a server takes the absolute form too. What it names must be what `Host` names. */
function originForm(request: IncomingMessage): string | undefined {
  const target = request.url as string
  if (target.startsWith('/')) return target
  const match = /^https?:\/\/([^/?#]*)(\/.*)?$/i.exec(target)
  if (!match || match[1]?.toLowerCase() !== request.headers.host?.toLowerCase()) return undefined
  return match[2] ?? '/'
}

function forwardedFor(request: IncomingMessage): string | undefined {
  const value = request.headers['x-forwarded-for']
  return Array.isArray(value) ? value.join(',') : value
}
