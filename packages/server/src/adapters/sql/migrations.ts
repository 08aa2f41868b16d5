import type { Kysely, Migration } from 'kysely'
import { indexOn } from './index-on.ts'
import { nineStep } from './nine-step-migration.ts'
import type { Tables } from './tables.ts'

/**
 * Every step of the schema, oldest first; a released step is never edited. Types and statements are those that SQLite
 * and PostgreSQL share: `text` and `double precision` only.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_two_phase': { up: twoPhase },
  '0002_nine_step': { up: nineStep },
}

async function twoPhase(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('registrations')
    .addColumn('clientId', 'text', (column) => column.primaryKey())
    .addColumn('agentId', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('developer', 'text', (column) => column.notNull())
    .addColumn('purpose', 'text')
    .addColumn('redirectUris', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('requested', 'text', (column) => column.notNull())
    .addColumn('approvals', 'text', (column) => column.notNull())
    .addColumn('approvalExpiresAt', 'double precision', (column) => column.notNull())
    .addColumn('secretHash', 'text', (column) => column.notNull())
    .addColumn('previousSecret', 'text')
    .addColumn('registeredAt', 'double precision', (column) => column.notNull())
    .addColumn('decidedAt', 'double precision', (column) => column.notNull())
    .addColumn('decidedBy', 'text', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('handshakes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('clientId', 'text', (column) => column.notNull())
    .addColumn('agentId', 'text', (column) => column.notNull())
    .addColumn('providerId', 'text', (column) => column.notNull())
    .addColumn('requestedScopes', 'text', (column) => column.notNull())
    .addColumn('agentState', 'text', (column) => column.notNull())
    .addColumn('userRedirectUri', 'text')
    .addColumn('resource', 'text')
    .addColumn('opaqueHash', 'text', (column) => column.notNull().unique())
    .addColumn('upstreamStateHash', 'text', (column) => column.unique())
    .addColumn('sealedCodeVerifier', 'text', (column) => column.notNull())
    .addColumn('sealedNonce', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('bindingHash', 'text')
    .addColumn('offeredScopes', 'text')
    .addColumn('userId', 'text')
    .addColumn('grantLifetimeSeconds', 'double precision')
    .addColumn('grantId', 'text')
    .addColumn('consentedScopes', 'text')
    .addColumn('codeHash', 'text')
    .addColumn('endReason', 'text')
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .execute()
  await indexOn(db, 'handshakes', 'expiresAt')

  await db.schema
    .createTable('grants')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('clientId', 'text', (column) => column.notNull())
    .addColumn('agentId', 'text', (column) => column.notNull())
    .addColumn('userId', 'text', (column) => column.notNull())
    .addColumn('userSource', 'text', (column) => column.notNull())
    .addColumn('providerId', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .addColumn('revokedAt', 'double precision')
    .execute()
  await indexOn(db, 'grants', 'userId')
  await indexOn(db, 'grants', 'clientId')

  await db.schema
    .createTable('tokens')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('grantId', 'text', (column) => column.notNull())
    .addColumn('clientId', 'text', (column) => column.notNull())
    .addColumn('agentId', 'text', (column) => column.notNull())
    .addColumn('userId', 'text', (column) => column.notNull())
    .addColumn('providerId', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('issuedAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .addColumn('revokedAt', 'double precision')
    .execute()
  await indexOn(db, 'tokens', 'grantId')
  await indexOn(db, 'tokens', 'expiresAt')

  await db.schema
    .createTable('providerTokens')
    .addColumn('grantId', 'text', (column) => column.primaryKey())
    .addColumn('sealedTokens', 'text', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('replayClaims')
    .addColumn('claimHash', 'text', (column) => column.primaryKey())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .execute()
  await indexOn(db, 'replayClaims', 'expiresAt')

  await db.schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('email', 'text')
    .addUniqueConstraint('users_issuer_subject', ['issuer', 'subject'])
    .execute()

  await db.schema
    .createTable('loginSessions')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('userId', 'text', (column) => column.notNull().references('users.id'))
    .addColumn('sealedCsrfToken', 'text', (column) => column.notNull())
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .execute()
  await indexOn(db, 'loginSessions', 'expiresAt')

  await db.schema
    .createTable('loginFlows')
    .addColumn('stateHash', 'text', (column) => column.primaryKey())
    .addColumn('bindingHash', 'text', (column) => column.notNull())
    .addColumn('sealedCodeVerifier', 'text', (column) => column.notNull())
    .addColumn('sealedNonce', 'text', (column) => column.notNull())
    .addColumn('sealedReturnTo', 'text', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .execute()
  await indexOn(db, 'loginFlows', 'expiresAt')

  await db.schema
    .createTable('auditHeads')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('head', 'text', (column) => column.notNull())
    .execute()
}
