import { randomUUID } from 'node:crypto'
import { CompactSign } from 'jose'
import type { Agent } from './agent.ts'

export interface AttestationChanges {
  /** Members to replace; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Signs in place of the agent's key. */
  readonly key?: CryptoKey | Uint8Array
}

/** An attestation as ATH 0.1 asks for it, with what a check wants to be wrong with it. Good for five minutes. */
export async function attest(
  agent: Agent,
  audience: string,
  changes: AttestationChanges = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: agent.id,
    sub: agent.id,
    aud: audience,
    iat: now,
    exp: now + 300,
    jti: randomUUID(),
    ...changes.claims,
  }
  const header = { alg: 'ES256', typ: 'JWT', kid: agent.key.kid, ...changes.header }
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload)
    .setProtectedHeader(header)
    .sign(changes.key ?? agent.key.privateKey)
}

/** An attestation that nobody signed (`alg: none`). */
export function unsigned(signed: string): string {
  const [, claims = ''] = signed.split('.')
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')
  return `${header}.${claims}.`
}

/** The same signature over other claims. */
export function tampered(signed: string, claims: Readonly<Record<string, unknown>>): string {
  const [header = '', payload = '', signature = ''] = signed.split('.')
  const old = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const changed = Buffer.from(JSON.stringify({ ...old, ...claims })).toString('base64url')
  return `${header}.${changed}.${signature}`
}
