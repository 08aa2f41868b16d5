/** Header names and values in turn, as they go over the wire. Repeats stay repeats. */
export type HeaderList = readonly string[]

/** RFC 9110 §7.6.1 and what older proxies used: these are about one connection, not about the message. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]

const neverUpstream = new Set([
  ...hopByHop,
  // The upstream's own name and our own framing take their place.
  'host',
  'content-length',
  'expect',
  // Credentials of the agent or its user, which are for us (R101).
  'authorization',
  'cookie',
  'cookie2',
  'dpop',
  // These name another path or method than the one the scope map looked at (R95, R98).
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-rewrite-url',
  'x-override-url',
  'x-host',
  'x-http-host-override',
  // Where WebDAV copies and moves to (RFC 4918 §10.3): no scope was asked for that path.
  'destination',
  'x-http-destinationurl',
  // Only a proxy may say who is behind it; here that would be the agent's own word.
  'forwarded',
  'x-real-ip',
  'client-ip',
  'x-client-ip',
  'x-originating-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'fastly-client-ip',
  'cf-connecting-ip',
  'remote-user',
  'x-remote-user',
  'x-webauth-user',
  'x-client-cert',
  'x-client-dn',
  'x-client-verify',
])

const neverUpstreamPrefixes = [
  'x-ath-',
  'proxy-',
  'x-forwarded-',
  'x-original-',
  'x-auth-request-',
  'x-authenticated-',
  'x-authentik-',
  'x-remote-',
  'x-ssl-',
  'ssl-client-',
  'x-amzn-oidc-',
  'x-goog-iap-',
  'x-goog-authenticated-',
  'x-ms-client-principal',
  'x-ms-token-',
  'x-envoy-',
  'cf-access-',
  'tailscale-user-',
]

const neverBack = new Set([
  ...hopByHop,
  // The upstream's session may rest on the gateway's own credential, and an agent could not send it back anyway.
  'set-cookie',
  'set-cookie2',
  // These would change how callers treat the gateway's origin, or lead them past it.
  'alt-svc',
  'alternates',
  'clear-site-data',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
  'nel',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'accept-ch',
  'critical-ch',
  // Orders to a web server or cache in front of the gateway, which might obey them: what is for one caller is not for all.
  'cdn-cache-control',
  'cloudflare-cdn-cache-control',
  'surrogate-control',
  'x-accel-expires',
  'x-accel-redirect',
  'x-sendfile',
  'x-lighttpd-send-file',
  'x-reproxy-url',
])

/** `proxy-authenticate` is a challenge to us; `x-ath-*` is how the gateway speaks, not the upstream. */
const neverBackPrefixes = ['x-ath-', 'proxy-']

/** Whether a header of the agent may go upstream. `reserved` are names that the gateway itself sets there. */
export function goesUpstream(name: string, reserved: ReadonlySet<string>): boolean {
  const plain = plainName(name)
  return !neverUpstream.has(plain) && !reserved.has(plain) && !begins(plain, neverUpstreamPrefixes)
}

/** Whether a header of the upstream may come back to the agent. */
export function comesBack(name: string): boolean {
  const plain = plainName(name)
  return !neverBack.has(plain) && !begins(plain, neverBackPrefixes)
}

/** CGI and its heirs read `X_User`, `X.User` and `X-User` as one variable; a name is judged as they would read it. */
function plainName(name: string): string {
  const lower = name.toLowerCase()
  return sign.test(lower) ? lower.replace(signs, '-') : lower
}

const sign = /[^a-z0-9-]/
const signs = /[^a-z0-9-]/g

function begins(name: string, prefixes: readonly string[]): boolean {
  const first = name.charCodeAt(0)
  for (const prefix of prefixes)
    if (prefix.charCodeAt(0) === first && name.startsWith(prefix)) return true
  return false
}

/**
 * The agent's headers that go upstream, in order and repeats kept (R101). Headers named by `Connection` stay here too
 * (RFC 9110 §7.6.1). Of `TE` only `trailers` means something to us, and we keep that promise.
 */
export function upstreamHeaders(raw: HeaderList, reserved: ReadonlySet<string>): string[] {
  const out: string[] = []
  let nominated: ReadonlySet<string> | undefined
  let wantsTrailers = false
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const value = raw[index + 1] as string
    if (goesUpstream(name, reserved)) out.push(name, value)
    else if (name.length === 10 && name.toLowerCase() === 'connection')
      nominated = nominate(value, nominated)
    else if (name.length === 2 && name.toLowerCase() === 'te')
      wantsTrailers ||= /(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)
  }
  const kept = nominated ? without(out, nominated) : out
  if (wantsTrailers) kept.push('te', 'trailers')
  return kept
}

/**
 * The upstream's headers that come back, in order and repeats kept. An upstream that never saw the caller's credential
 * may call its answer public; behind the gateway it was made for one caller, and no shared cache may give it to others
 * who pass neither door (RFC 9111 §3.5).
 */
export function returnedHeaders(raw: HeaderList): string[] {
  const out: string[] = []
  let nominated: ReadonlySet<string> | undefined
  let isShared = false
  let isPrivate = false
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const value = raw[index + 1] as string
    if (comesBack(name)) out.push(name, value)
    else if (name.length === 10 && name.toLowerCase() === 'connection')
      nominated = nominate(value, nominated)
    if (name.length === 13 && name.toLowerCase() === 'cache-control') {
      isShared = true
      isPrivate ||= /(?:^|[,\s])(?:private|no-store)\s*(?:,|$)/i.test(value)
    }
  }
  if (isShared && !isPrivate) out.push('cache-control', 'private')
  return nominated ? without(out, nominated) : out
}

function nominate(
  value: string,
  sofar: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if (value === 'keep-alive' || value === 'close') return sofar
  const names = value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== 'keep-alive' && name !== 'close')
  return names.length === 0 ? sofar : new Set([...(sofar ?? []), ...names])
}

function without(list: HeaderList, names: ReadonlySet<string>): string[] {
  return list.filter((_, index) => !names.has((list[index & ~1] as string).toLowerCase()))
}

/** Trailer fields that may pass a hop: nothing about framing, routing or authentication (RFC 9110 §6.5.1). */
export function passableTrailers(raw: HeaderList, reserved: ReadonlySet<string>): string[] {
  const out: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    if (goesUpstream(name, reserved) && comesBack(name) && !framing.has(name.toLowerCase()))
      out.push(name, raw[index + 1] as string)
  }
  return out
}

const framing = new Set([
  'content-encoding',
  'content-type',
  'content-range',
  'trailer',
  'cache-control',
  'max-forwards',
  'range',
  'www-authenticate',
])
