import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type DocumentHost, openDocumentHost } from '../src/agent/document-host.ts'
import { readKey } from '../src/agent/key-file.ts'
import type { Check } from '../src/check/check.ts'
import { allChecks } from '../src/checks/all.ts'
import { autoConsent } from '../src/consent/auto.ts'
import { usualWords } from '../src/consent/page.ts'
import type { Handshake } from '../src/rows/row.ts'
import type { Mode, Settings } from '../src/subject/settings.ts'
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
  subject(mode: Mode, handshake?: Handshake, changes?: Partial<Settings>): Subject
  close(): Promise<void>
}

export async function openBench(): Promise<Bench> {
  const port = await findFreePort()
  const saboteur = await startSaboteur(appId, port)
  const gateway = await startGateway({
    publicUrl: saboteur.url,
    provider: appId,
    onListening: (address) => void (saboteur.target = address),
  })
  const userKey = await readKey(readFileSync(gateway.userKeyFile, 'utf8'), 'user')
  const documents: DocumentHost = await openDocumentHost({
    host: '127.0.0.1',
    port: gateway.agentPort,
  })
  return {
    gateway,
    saboteur,
    subject(mode, handshake = 'two-phase', changes = {}) {
      const recorder = createRecorder()
      const send = createHttp({ recorder, timeoutSeconds: 20 })
      return createSubject({
        base: saboteur.url,
        mode,
        provider: handshake === 'nine-step' ? 'plain' : appId,
        userKey,
        call: { method: 'GET', path: '/api/customers' },
        isCallGiven: true,
        refusedCall: { method: 'DELETE', path: '/ath-conformance-no-such-thing' },
        echo: '/anything',
        patienceSeconds: 3,
        consent: autoConsent(send, usualWords),
        documents,
        send,
        recorder,
        ...changes,
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

/** A check that has nothing to do with the fault: a server that breaks one rule keeps the others. */
const controlOf = ({ breaks }: Fault) =>
  breaks.some((id) => id.startsWith('status')) ? 'authorize-answer' : 'status-published'

async function expectPassed(subject: Subject, id: string, fault: Fault): Promise<void> {
  const { outcome, because } = await checkNamed(id).ask(subject)
  assert.equal(outcome, 'passed', `${id} with "${fault.name}": ${because}`)
}

function checkNamed(id: string): Check {
  const check = allChecks.find((one) => one.id === id)
  assert.ok(check, `there is a check ${id}`)
  return check
}

/** With the fault in place the checks that shall find it fail, and another passes. */
export async function findFault(saboteur: Saboteur, subject: Subject, fault: Fault): Promise<void> {
  saboteur.fault = fault
  saboteur.crashes.length = 0
  try {
    for (const id of fault.breaks) {
      const { outcome, because } = await checkNamed(id).ask(subject)
      assert.equal(outcome, 'failed', `${id} with "${fault.name}": ${outcome}, ${because}`)
    }
    if (!fault.fresh) await expectPassed(subject, controlOf(fault), fault)
    assert.deepEqual(saboteur.crashes, [], 'it was the fault that was found')
  } finally {
    saboteur.fault = undefined
  }
}
