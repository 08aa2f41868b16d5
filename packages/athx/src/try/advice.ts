import type { AthError } from '@ath-protocol/client'

/** How to mend in the app what a step was refused for; else what the refusal itself says. */
export function adviceFor(step: string, error: AthError): string {
  const { code, status, details, fix } = error
  if (code === 'NETWORK_ERROR' || code === 'TIMEOUT')
    return 'start the app, and check that it listens at this address: --service <url>'
  if (step === 'discover' && status !== undefined && status >= 300)
    return 'ATH is not plugged in, or stands behind something that answers first: put `app.use(ath(athConfig))` before the routes and the log-in (`athx init native`)'
  if (code === 'INVALID_ATTESTATION')
    return 'check that `url` in ath.config is exactly the address given here (it is the audience of every attestation), and that this machine’s clock is right'
  if (code === 'AGENT_UNAPPROVED')
    return "approve test agents in ath.config: agents: [{ domain: '127.0.0.1', allow: 'all' }]; without `agents`, development approves them by itself"
  if (code === 'SCOPE_NOT_APPROVED' && step.startsWith('call'))
    return `list the route under its scope in ath.config${typeof details['rule'] === 'string' ? ` (now: ${details['rule']})` : ''}`
  if (code === 'OAUTH_ERROR')
    return 'check `oauth` in ath.config: client id, secret, endpoints, and the redirect URI <url>/ath/callback at your OAuth server'
  if (code === 'RATE_LIMITED') return 'wait a minute, then try again'
  if (code === 'INTERNAL_ERROR') return 'look at the app’s log'
  return fix
}
