import assert from 'node:assert/strict'
import { type DocumentHost, openDocumentHost } from '../src/agent/document-host.ts'
import { allChecks } from '../src/checks/all.ts'
import { autoConsent } from '../src/consent/auto.ts'
import { usualWords } from '../src/consent/page.ts'
import type { Mode } from '../src/subject/settings.ts'
import { createSubject, type Subject } from '../src/subject/subject.ts'
import { createRecorder } from '../src/wire/evidence.ts'
import { createHttp } from '../src/wire/http.ts'
import { startSaboteur, type Fault, type Saboteur } from './saboteur.ts'
import { type GatewaySubject, startGateway } from './subjects/gateway.ts'
import { findFreePort } from './subjects/listen.ts'

export const appId = 'com.example.shop'

/** The gateway behind a saboteur, and the suite ready to look at both. */
export interface Bench {
  readonly gateway: GatewaySubject
  readonly saboteur: Saboteur
  /** Looks at it with nothing made before. */
  subject(mode: Mode): Subject
  close(): Promise<void>
}

export async function openBench(): Promise<Bench> {
  const port = await findFreePort()
  const saboteur = await startSaboteur(appId, port)
  const gateway = await startGateway({ publicUrl: saboteur.url, provider: appId })
  saboteur.target = gateway.address
  const documents: DocumentHost = await openDocumentHost({
    host: '127.0.0.1',
    port: gateway.agentPort,
  })
  return {
    gateway,
    saboteur,
    subject(mode) {
      const recorder = createRecorder()
      const send = createHttp({ recorder, timeoutSeconds: 20 })
      return createSubject({
        base: saboteur.url,
        mode,
        provider: appId,
        call: { method: 'GET', path: '/api/customers' },
        refusedCall: { method: 'DELETE', path: '/ath-conformance-no-such-thing' },
        echo: '/anything',
        patienceSeconds: 3,
        consent: autoConsent(send, usualWords),
        documents,
        send,
        recorder,
      })
    },
    async close() {
      await Promise.all([documents.close(), saboteur.close()])
      await gateway.close()
    },
  }
}

/** Makes what checks share, while nothing is wrong yet. */
export async function prime(subject: Subject): Promise<Subject> {
  await subject.target()
  await subject.otherClient()
  await subject.redirectingClient()
  await subject.token()
  return subject
}

/** What the checks that shall find a fault say with it in place. */
export async function findFault(saboteur: Saboteur, subject: Subject, fault: Fault): Promise<void> {
  saboteur.fault = fault
  try {
    for (const id of fault.breaks) {
      const check = allChecks.find((one) => one.id === id)
      assert.ok(check, `there is a check ${id}`)
      const { outcome, because } = await check.ask(subject)
      assert.equal(outcome, 'failed', `${id} with "${fault.name}": ${outcome}, ${because}`)
    }
  } finally {
    saboteur.fault = undefined
  }
}
