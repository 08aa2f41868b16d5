import type { AthPorts, GrantPorts } from '@ath-protocol/server'

/** What operators' decisions stand on. The composition root gives it, to the running gateway and offline alike. */
export type AdminPorts = GrantPorts &
  Pick<AthPorts, 'config' | 'registry' | 'random' | 'nineStep'> & {
    /** What `GET /status` tells beside the counts. */
    readonly gateway: {
      readonly mode: 'dev' | 'start' | 'offline'
      readonly startedAt: number
    }
  }

/** Who decides, for the record: `operator:<name>`. */
export interface Operator {
  readonly name: string
}

/** Why an operator's wish is not done. */
export interface AdminFault {
  readonly status: 400 | 404 | 409
  readonly problem: string
  readonly fix?: string
}
