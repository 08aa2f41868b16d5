/** A bounded HTTP call of the control plane (OAuth servers, identity documents). Not the data path. */
export type { OutboundFetch } from '@ath-protocol/server'
