export { startWorld, type World } from './world/world.ts'
