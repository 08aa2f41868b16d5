import { text } from 'node:stream/consumers'
import { type Listening, serve } from './listen.ts'

/** A service that knows nothing of ATH: answers every path, and tells what it got. */
export const startUpstream = (): Promise<Listening> =>
  serve((request, response) => {
    void text(request).then((data) => {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          method: request.method,
          path: request.url,
          headers: request.headers,
          data,
        }),
      )
    })
  })
