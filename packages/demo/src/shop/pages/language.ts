import type { Request, RequestHandler } from 'express'
import { hostCookie, readCookie } from '../people/cookie.ts'
import type { Language } from '../text.ts'

const cookie = '__Host-shop_lang'
const yearSeconds = 31_536_000

/** What the address asks for, else what was asked for before, else what the browser prefers. */
export function languageOf(request: Request): Language {
  const wanted = readLanguage(request.query['lang']) ?? readLanguage(readCookie(request, cookie))
  return wanted ?? (request.acceptsLanguages('en', 'zh') === 'zh' ? 'zh' : 'en')
}

/** Remembers a language that the address asked for. */
export const rememberLanguage: RequestHandler = (request, response, next) => {
  const asked = readLanguage(request.query['lang'])
  if (asked) response.cookie(cookie, asked, { ...hostCookie, maxAge: yearSeconds * 1000 })
  next()
}

function readLanguage(value: unknown): Language | undefined {
  if (typeof value !== 'string') return undefined
  if (/^zh\b/i.test(value)) return 'zh'
  return /^en\b/i.test(value) ? 'en' : undefined
}
