/** How a guard on a route decides beyond its scope. */
export interface GuardOptions<Request> {
  /** Whether the person has to confirm this very request: `(req) => req.body.total > 500`. */
  readonly stepUp?: (request: Request) => boolean | Promise<boolean>
  /** What the request means, for the person who confirms it: `(req) => \`Order for ¥${req.body.total}\``. */
  readonly describe?: (request: Request) => string | Promise<string>
  /** Requests without an agent: refused (default), or on to the app's own rules. */
  readonly others?: 'refuse' | 'next'
}
