import type { AthOptions } from '@ath-protocol/server'

const raised = { count: 100_000, perSeconds: 1 }

/** The suite asks faster than people do. */
export const raisedLimits = {
  register_ip: raised,
  register_agent: raised,
  authorize_client: raised,
  token_client: raised,
  proxy_token: raised,
  login_ip: raised,
  status_ip: raised,
  handshake_ip: raised,
  handshake_client: raised,
  confirm_user: raised,
  step_up: raised,
} satisfies AthOptions['limits']
