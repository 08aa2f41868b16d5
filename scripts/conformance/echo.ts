import { text } from 'node:stream/consumers'
import type { RequestHandler } from 'express'

/** Answers with the request it got, as `--echo` wants it. */
export const echo: RequestHandler = (request, response) => {
  void text(request).then((data) => {
    response.json({ method: request.method, headers: request.headers, data })
  })
}
