import { defineAth } from '@ath-protocol/server'

export const athConfig = defineAth({
  url: `http://localhost:${process.env['PORT'] ?? 3000}`,
  appId: 'com.acme.shop',
  name: 'Acme Shop',
  // Agents call below this: what is let in goes on to the app with the user’s own token in place of theirs.
  apiBase: '/ath/proxy/shop',
  scopes: {
    'products:read': { routes: ['GET /api/products'], description: 'See what is sold' },
    'orders:write': { routes: ['POST /api/orders'], description: 'Order' },
  },
  oauth: {
    issuer: `http://localhost:${process.env['ACCOUNTS_PORT'] ?? 3001}`,
    clientId: 'ath',
    clientSecret: 'a-secret-of-ath',
  },
})
