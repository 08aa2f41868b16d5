import { checks } from '../check/check.ts'

export const nineStep = checks({})
