import type { Subject } from '../subject/subject.ts'

export interface NineStep {
  readonly handshakeUrl: string
}

export async function openNineStep(subject: Subject): Promise<NineStep> {
  return { handshakeUrl: subject.at('/ath/handshake') }
}
