/** The protocol's own shapes, as the answers carry them. */
export type { DecidedQuestion, Inbox, KeptCredential, Question } from '@ath-protocol/types'
export { agentThumbprint } from './user/agent-thumbprint.ts'
export * from './user/user-client.ts'
