export * from './arbitraries.ts'
export * from './clock.ts'
export * from './keys.ts'
export * from './random.ts'
