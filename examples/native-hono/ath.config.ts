import { defineAth } from '@ath-protocol/server'

export const athConfig = defineAth({
  url: `http://localhost:${process.env['PORT'] ?? 3000}`,
  appId: 'com.acme.shop',
  name: 'Acme Shop',
  apiBase: '/api',
  scopes: {
    'products:read': { routes: ['GET /api/products/**'], description: 'See what is sold' },
    'cart:write': { routes: ['GET /api/cart', 'POST /api/cart'], description: 'Fill the cart' },
    'orders:write': { routes: ['POST /api/orders'], description: 'Order what is in the cart' },
  },
  devIdp: true, // development only: made-up people, no passwords
})
