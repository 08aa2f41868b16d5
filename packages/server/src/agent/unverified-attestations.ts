import {
  checkAgentId,
  checkClaims,
  type Clock,
  fail,
  ok,
  parseAttestation,
} from '@ath-protocol/types'
import type { AttestationVerifier } from '../ports/attestations.ts'

/**
 * Believes who an agent says it is: its document is not fetched and its signature not checked. For development only;
 * whoever makes one has to refuse it in production. Form, audience, times and subject are checked as ever.
 */
export const unverifiedAttestations = (clock: Clock): AttestationVerifier => ({
  async verify(jwt, expected) {
    const parsed = parseAttestation(jwt)
    if (!parsed.ok) return fail({ reason: 'attestation', fault: parsed.error })
    const { claims } = parsed.value
    const checked = checkClaims(claims, { ...expected, now: clock.now() })
    if (!checked.ok) return fail({ reason: 'attestation', fault: checked.error })
    const agentId = checkAgentId(claims.sub, { allowLoopbackHttp: true })
    if (!agentId.ok) return fail({ reason: 'attestation', fault: agentId.error })
    const { hostname } = agentId.value
    return ok({
      claims,
      document: {
        ath_version: '0.1',
        agent_id: claims.sub,
        name: hostname,
        developer: { name: hostname, id: hostname },
        public_key: {},
      },
    })
  },
})
