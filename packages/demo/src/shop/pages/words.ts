import type { Language, Text } from '../text.ts'

const words = {
  shop: { en: 'Blue Harbour', zh: '蓝港' },
  skip: { en: 'Skip to content', zh: '跳到正文' },
  menu: { en: 'Main', zh: '主导航' },
  products: { en: 'Products', zh: '商品' },
  cart: { en: 'Cart', zh: '购物车' },
  orders: { en: 'My orders', zh: '我的订单' },
  signIn: { en: 'Sign in', zh: '登录' },
  signOut: { en: 'Sign out', zh: '退出' },
  signedOut: { en: 'You are signed out', zh: '您已退出' },
  signInAgain: { en: 'Sign in again', zh: '重新登录' },
  signInOther: { en: 'Sign in as somebody else', zh: '换个账号登录' },
  headline: { en: 'Things that last at sea', zh: '经得起海风的好物' },
  motto: {
    en: 'Small, sturdy goods from the old harbour, sent the same day.',
    zh: '老港口的小店，东西结实，当天发货。',
  },
  search: { en: 'Search products', zh: '搜索商品' },
  searchButton: { en: 'Search', zh: '搜索' },
  nothingFound: { en: 'Nothing found. Try another word.', zh: '没有找到，换个词试试。' },
  showAll: { en: 'Show all products', zh: '查看全部商品' },
  soldOut: { en: 'Sold out', zh: '已售罄' },
  inStock: { en: 'In stock', zh: '有货' },
  quantity: { en: 'Quantity', zh: '数量' },
  addToCart: { en: 'Add to cart', zh: '加入购物车' },
  signInToBuy: { en: 'Sign in to buy', zh: '登录后购买' },
  added: { en: 'It is in your cart.', zh: '已加入购物车。' },
  toCart: { en: 'Go to the cart', zh: '去购物车' },
  emptyCart: { en: 'Your cart is empty.', zh: '购物车是空的。' },
  update: { en: 'Update', zh: '更新' },
  remove: { en: 'Remove', zh: '移除' },
  each: { en: 'each', zh: '每件' },
  total: { en: 'Total', zh: '合计' },
  checkOut: { en: 'Check out', zh: '去结算' },
  checkOutTitle: { en: 'Check your order', zh: '核对订单' },
  orderedBy: { en: 'Ordered by', zh: '下单人' },
  delivery: { en: 'Delivery', zh: '送货' },
  deliveryTo: { en: 'To your desk, tomorrow by ten', zh: '明早十点前送到工位' },
  payment: { en: 'Payment', zh: '付款' },
  paymentBy: { en: 'Company account', zh: '公司账户' },
  placeOrder: { en: 'Place order', zh: '提交订单' },
  backToCart: { en: 'Back to the cart', zh: '返回购物车' },
  thanks: { en: 'Thank you. Your order is placed.', zh: '谢谢，订单已提交。' },
  noOrders: { en: 'Nothing ordered yet.', zh: '还没有订单。' },
  placedByYou: { en: 'Placed by you', zh: '您本人下单' },
  confirmedByYou: { en: 'Confirmed by you', zh: '您已确认' },
  byApp: { en: 'Placed by an app you allowed', zh: '由您授权的应用下单' },
  whichAgent: { en: 'Agent', zh: '智能体' },
  whichApp: { en: 'App', zh: '应用' },
  forWhom: { en: 'For', zh: '为谁' },
  backToProducts: { en: 'All products', zh: '全部商品' },
  footer: {
    en: 'Blue Harbour Co., Old Pier 1. This is a demonstration: nothing is delivered and nothing is paid.',
    zh: '蓝港公司，老栈桥一号。这是演示：不会发货，也不会扣款。',
  },
  sorry: { en: 'That did not work', zh: '没有成功' },
  tryAgain: { en: 'Go back and try again.', zh: '请返回再试一次。' },
} as const satisfies Readonly<Record<string, Text>>

/** Refusals of the shop, for people. What is missing here is said in general words. */
const refusals: Readonly<Record<string, Text>> = {
  not_found: { en: 'There is no such page.', zh: '没有这个页面。' },
  no_such_product: { en: 'We do not have that product.', zh: '没有这件商品。' },
  out_of_stock: {
    en: 'There are not that many left. Nothing was ordered.',
    zh: '库存不够，没有下单。',
  },
  cart_changed: {
    en: 'Your cart changed in the meantime. Look at it again before you order.',
    zh: '购物车刚才有变化，请核对后再下单。',
  },
  cart_empty: { en: 'Your cart is empty.', zh: '购物车是空的。' },
  not_in_cart: { en: 'That is not in your cart any more.', zh: '购物车里已经没有这件商品。' },
  too_many: { en: 'That is more than fits into one cart.', zh: '超过了购物车的上限。' },
  sign_in: { en: 'Sign in first.', zh: '请先登录。' },
  cross_site: {
    en: 'For your safety this only works from our own pages.',
    zh: '为了您的安全，只能在本店页面上操作。',
  },
  sign_in_failed: {
    en: 'Signing in did not work. Try once more.',
    zh: '登录没有成功，请再试一次。',
  },
}

export type Word = keyof typeof words

export const say = (language: Language, word: Word): string => words[word][language]

export const sayRefusal = (language: Language, code: string): string =>
  refusals[code]?.[language] ?? words.tryAgain[language]

export const sayLeft = (language: Language, left: number): string =>
  language === 'zh' ? `仅剩 ${left} 件` : `Only ${left} left`

export const sayPlacedBy = (language: Language, agent: string): string =>
  language === 'zh' ? `由 ${agent} 代您下单` : `Placed for you by ${agent}`

export const sayAddedBy = (language: Language, agent: string): string =>
  language === 'zh' ? `由 ${agent} 加入` : `Added by ${agent}`

/** `28 November 2026, 14:05`, by the clock on the harbour. */
export const sayTime = (language: Language, unixSeconds: number): string =>
  new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'Asia/Shanghai',
  }).format(unixSeconds * 1000)
