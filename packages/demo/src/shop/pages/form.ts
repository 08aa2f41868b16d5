import { timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import type { Session } from '../people/sessions.ts'
import { Refused } from '../refused.ts'

/** Lets on a form of somebody who is signed in, and only one that was made for this very session. */
export const checkForm: RequestHandler = (request, _response, next) => {
  const expected = Buffer.from(sessionOf(request).formToken)
  const sent = Buffer.from(readField(request, 'form_token'))
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected))
    throw new Refused(403, 'cross_site', 'the form does not belong to this session')
  next()
}

export function sessionOf({ signedIn }: Request): Session {
  if (!signedIn) throw new Refused(401, 'sign_in', 'sign in first')
  return signedIn
}

/** A field of a form; empty when it is not there, or there more than once. */
export function readField(request: Request, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : ''
}
