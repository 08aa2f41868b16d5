import type { Kysely } from 'kysely'
import { indexOn } from './index-on.ts'
import type { Tables } from './tables.ts'

/** The nine-step handshake, what people are asked with, and what limits a permission. */
export async function nineStep(db: Kysely<Tables>): Promise<void> {
  await addColumns(db, 'registrations', ['restrictions', 'keyThumbprint'])
  await addColumns(db, 'grants', ['restrictions', 'sessionId'])
  await addColumns(db, 'tokens', ['sessionId'])
  await createConsents(db)
  await createHandshakes(db)
  await createSessions(db)
  await createUserThings(db)
  await createChannels(db)
}

/** One statement each: SQLite adds one column at a time. */
async function addColumns(
  db: Kysely<Tables>,
  table: keyof Tables,
  columns: readonly string[],
): Promise<void> {
  for (const column of columns)
    await db.schema.alterTable(table).addColumn(column, 'text').execute()
}

async function createConsents(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('consents')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('handshakeKind', 'text', (column) => column.notNull())
    .addColumn('handshakeId', 'text', (column) => column.notNull().unique())
    .addColumn('clientId', 'text', (column) => column.notNull())
    .addColumn('agentId', 'text', (column) => column.notNull())
    .addColumn('clientDid', 'text')
    .addColumn('userId', 'text')
    .addColumn('requested', 'text', (column) => column.notNull())
    .addColumn('offered', 'text', (column) => column.notNull())
    .addColumn('words', 'text')
    .addColumn('risk', 'text', (column) => column.notNull())
    .addColumn('restrictions', 'text', (column) => column.notNull())
    .addColumn('longestSeconds', 'double precision', (column) => column.notNull())
    .addColumn('message', 'text')
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .addColumn('decision', 'text')
    .addColumn('decidedByUser', 'text')
    .addColumn('decidedAt', 'double precision')
    .addColumn('told', 'double precision', (column) => column.notNull())
    .execute()
  for (const column of ['userId', 'decidedByUser', 'expiresAt'])
    await indexOn(db, 'consents', column)
}

async function createHandshakes(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('nineStepHandshakes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('clientDid', 'text', (column) => column.notNull())
    .addColumn('clientKey', 'text', (column) => column.notNull())
    .addColumn('thumbprint', 'text', (column) => column.notNull())
    .addColumn('encrypted', 'double precision', (column) => column.notNull())
    .addColumn('m1', 'text')
    .addColumn('m2', 'text')
    .addColumn('m3', 'text')
    .addColumn('m4', 'text')
    .addColumn('m5', 'text')
    .addColumn('m8', 'text')
    .addColumn('lastTimestamp', 'double precision', (column) => column.notNull())
    .addColumn('agentId', 'text')
    .addColumn('clientId', 'text')
    .addColumn('userId', 'text')
    .addColumn('credentialId', 'text')
    .addColumn('consentId', 'text')
    .addColumn('grantLifetimeSeconds', 'double precision')
    .addColumn('grants', 'text')
    .addColumn('endReason', 'text')
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .execute()
  await indexOn(db, 'nineStepHandshakes', 'expiresAt')

  await db.schema
    .createTable('upstreamLegs')
    .addColumn('stateHash', 'text', (column) => column.primaryKey())
    .addColumn('consentId', 'text', (column) => column.notNull())
    .addColumn('grantId', 'text', (column) => column.notNull())
    .addColumn('providerId', 'text', (column) => column.notNull())
    .addColumn('sealedCodeVerifier', 'text', (column) => column.notNull())
    .addColumn('sealedNonce', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('bindingHash', 'text', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .execute()
  await indexOn(db, 'upstreamLegs', 'expiresAt')
}

async function createSessions(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('handshakeId', 'text', (column) => column.notNull())
    .addColumn('clientId', 'text', (column) => column.notNull())
    .addColumn('agentId', 'text', (column) => column.notNull())
    .addColumn('clientDid', 'text', (column) => column.notNull())
    .addColumn('clientKey', 'text', (column) => column.notNull())
    .addColumn('thumbprint', 'text', (column) => column.notNull())
    .addColumn('userId', 'text', (column) => column.notNull())
    .addColumn('grants', 'text', (column) => column.notNull())
    .addColumn('credentialId', 'text', (column) => column.notNull())
    .addColumn('sealedKeys', 'text')
    .addColumn('reservedFromClient', 'double precision', (column) => column.notNull())
    .addColumn('reservedFromServer', 'double precision', (column) => column.notNull())
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .addColumn('revokedAt', 'double precision')
    .execute()
  for (const column of ['credentialId', 'clientId', 'userId', 'expiresAt'])
    await indexOn(db, 'sessions', column)
}

async function createUserThings(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('userKeys')
    .addColumn('thumbprint', 'text', (column) => column.primaryKey())
    .addColumn('userId', 'text', (column) => column.notNull())
    .addColumn('jwk', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .execute()
  await indexOn(db, 'userKeys', 'userId')

  await db.schema
    .createTable('passkeys')
    .addColumn('credentialId', 'text', (column) => column.primaryKey())
    .addColumn('userId', 'text', (column) => column.notNull())
    .addColumn('publicKey', 'text', (column) => column.notNull())
    .addColumn('counter', 'double precision', (column) => column.notNull())
    .addColumn('transports', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('backedUp', 'double precision', (column) => column.notNull())
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('lastUsedAt', 'double precision')
    .execute()
  await indexOn(db, 'passkeys', 'userId')

  await db.schema
    .createTable('preAuthorizations')
    .addColumn('userId', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('clientDid', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('oneTime', 'double precision', (column) => column.notNull())
    .addColumn('madeBy', 'text', (column) => column.notNull())
    .addColumn('signedBy', 'text')
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('createdAt', 'double precision', (column) => column.notNull())
    .addColumn('expiresAt', 'double precision', (column) => column.notNull())
    .addColumn('usedAt', 'double precision')
    .addColumn('revokedAt', 'double precision')
    .addPrimaryKeyConstraint('pre_authorizations_user_id_id', ['userId', 'id'])
    .execute()
  for (const column of ['hash', 'expiresAt']) await indexOn(db, 'preAuthorizations', column)
}

async function createChannels(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('channelIdentities')
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('externalId', 'text', (column) => column.notNull())
    .addColumn('userId', 'text', (column) => column.notNull())
    .addColumn('learnedAt', 'double precision', (column) => column.notNull())
    .addPrimaryKeyConstraint('channel_identities_external', ['channel', 'externalId'])
    .addUniqueConstraint('channel_identities_user', ['channel', 'userId'])
    .execute()

  await db.schema
    .createTable('deliveries')
    .addColumn('consentId', 'text', (column) => column.notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('reference', 'text', (column) => column.notNull())
    .addColumn('sentAt', 'double precision', (column) => column.notNull())
    .addPrimaryKeyConstraint('deliveries_consent', ['consentId', 'channel', 'reference'])
    .execute()
  await indexOn(db, 'deliveries', 'sentAt')
}
