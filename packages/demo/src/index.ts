export { startWorld, type World } from './world/world.ts'
export { type RunningShop, startShop } from './shop/start-shop.ts'
