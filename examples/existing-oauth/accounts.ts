import { Provider } from 'oidc-provider'

const api = { id: 'shop-api', secret: 'a-secret-of-the-api' }

/** The shop’s own OAuth server, as it was before ATH: only the client `ath` is new. */
export function openAccounts(port: number, shop: string) {
  const issuer = `http://localhost:${port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'ath',
        client_secret: 'a-secret-of-ath',
        redirect_uris: [`${shop}/ath/callback`, `${shop}/ath/login/callback`],
      },
      {
        client_id: api.id,
        client_secret: api.secret,
        redirect_uris: [],
        response_types: [],
        grant_types: [],
      },
    ],
    scopes: ['openid', 'products:read', 'orders:write'],
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ['a-secret-of-the-accounts'] },
    features: { introspection: { enabled: true } },
  })
  provider.listen(port, 'localhost')
  return {
    /** Who signed in with a token, and for what; undefined for a token that is no good. */
    async whoIs(authorization: string | undefined) {
      const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1]
      if (token === undefined) return undefined
      const answer = await fetch(`${issuer}/token/introspection`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${api.id}:${api.secret}`)}` },
        body: new URLSearchParams({ token }),
      })
      const told = (await answer.json()) as { active: boolean; sub: string; scope?: string }
      return told.active ? { user: told.sub, scopes: told.scope?.split(' ') ?? [] } : undefined
    },
  }
}
