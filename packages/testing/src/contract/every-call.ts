import assert from 'node:assert/strict'
import { DependencyDown, type Store } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { sampleConsent, sampleDecision } from './consents-contract.ts'
import { sampleGrant } from './grants-contract.ts'
import { sampleHandshake } from './handshakes-contract.ts'
import { sampleNineStep } from './nine-step-contract.ts'
import { samplePasskey } from './passkeys-contract.ts'
import { samplePreAuthorization } from './pre-authorizations-contract.ts'
import { sampleProviderTokens } from './provider-tokens-contract.ts'
import { sampleRegistration } from './registry-contract.ts'
import { sampleSession } from './sessions-contract.ts'
import { sampleToken } from './tokens-contract.ts'
import { sampleUpstreamLeg } from './upstream-legs-contract.ts'
import { sampleUserKey } from './user-keys-contract.ts'

type Calls<Port> = { readonly [Method in keyof Port]-?: () => Promise<unknown> }
type Ports = Omit<Store, 'shared' | 'check' | 'close'>

/** Every method of every port of a store, once; the compiler asks for a new one. */
function everyCall(store: Store): { readonly [Name in keyof Ports]: Calls<Ports[Name]> } {
  const { registry, handshakes, nineStep, consents, sessions, grants, tokens, legs } = store
  const { providerTokens, replay, userKeys, preAuthorizations, passkeys, deliveries } = store
  const { channelIdentities, logins, users, auditAnchor } = store
  const person = { issuer: 'https://idp.example', subject: 'wang' }
  const expiresAt = testEpoch
  return {
    registry: {
      findByClientId: () => registry.findByClientId('ath_1'),
      findByAgentId: () => registry.findByAgentId('https://agent.example/agent.json'),
      insert: () => registry.insert(sampleRegistration()),
      update: () => registry.update('ath_1', { status: 'denied' }),
      replace: () => registry.replace(sampleRegistration(), sampleRegistration()),
      list: () => registry.list(),
    },
    handshakes: {
      insert: () => handshakes.insert(sampleHandshake()),
      find: () => handshakes.find('ath_sess_1'),
      findByOpaque: () => handshakes.findByOpaque('hash'),
      takeByUpstreamState: () => handshakes.takeByUpstreamState('hash'),
      advance: () => handshakes.advance('ath_sess_1', 'spend', testEpoch),
      sweep: () => handshakes.sweep(testEpoch),
    },
    nineStep: {
      insert: () => nineStep.insert(sampleNineStep()),
      find: () => nineStep.find('ath_hs_1'),
      advance: () => nineStep.advance('ath_hs_1', 'identify', testEpoch),
      sweep: () => nineStep.sweep(testEpoch),
    },
    consents: {
      insert: () => consents.insert(sampleConsent()),
      find: () => consents.find('cns_1'),
      findByHandshake: () => consents.findByHandshake('ath_hs_1'),
      decide: () => consents.decide('cns_1', sampleDecision()),
      list: () => consents.list({ userId: 'usr_1' }),
      takeExpired: () => consents.takeExpired(testEpoch),
      sweep: () => consents.sweep(testEpoch),
    },
    sessions: {
      insert: () => sessions.insert(sampleSession()),
      find: () => sessions.find('ath_ses_1'),
      revoke: () => sessions.revoke('ath_ses_1', testEpoch),
      list: () => sessions.list({}),
      reserveSequence: () => sessions.reserveSequence('ath_ses_1', 'c2s', 1),
      sweep: () => sessions.sweep(testEpoch),
    },
    grants: {
      insert: () => grants.insert(sampleGrant()),
      find: () => grants.find('gnt_1'),
      confirm: () => grants.confirm('gnt_1', testEpoch),
      narrow: () => grants.narrow('gnt_1', []),
      revoke: () => grants.revoke('gnt_1', testEpoch),
      list: () => grants.list({}),
    },
    tokens: {
      insert: () => tokens.insert(sampleToken()),
      find: () => tokens.find('hash'),
      revoke: () => tokens.revoke('hash', testEpoch),
      revokeByGrant: () => tokens.revokeByGrant('gnt_1', testEpoch),
      sweep: () => tokens.sweep(testEpoch),
    },
    providerTokens: {
      save: () => providerTokens.save('gnt_1', sampleProviderTokens()),
      find: () => providerTokens.find('gnt_1'),
      remove: () => providerTokens.remove('gnt_1'),
      listGrantIds: () => providerTokens.listGrantIds(),
    },
    replay: {
      claim: () => replay.claim('https://agent.example/agent.json', 'jti', expiresAt),
      sweep: () => replay.sweep(testEpoch),
    },
    userKeys: {
      insert: () => userKeys.insert(sampleUserKey()),
      find: () => userKeys.find('thumbprint'),
      list: () => userKeys.list('usr_1'),
      remove: () => userKeys.remove('usr_1', 'thumbprint'),
    },
    preAuthorizations: {
      ensure: () => preAuthorizations.ensure(samplePreAuthorization()),
      findByHash: () => preAuthorizations.findByHash('hash'),
      find: () => preAuthorizations.find('usr_1', 'ath_uc_1'),
      use: () => preAuthorizations.use('usr_1', 'ath_uc_1', testEpoch),
      revoke: () => preAuthorizations.revoke('usr_1', 'ath_uc_1', testEpoch),
      list: () => preAuthorizations.list('usr_1'),
      sweep: () => preAuthorizations.sweep(testEpoch),
    },
    legs: {
      insert: () => legs.insert(sampleUpstreamLeg()),
      take: () => legs.take('hash'),
      sweep: () => legs.sweep(testEpoch),
    },
    passkeys: {
      insert: () => passkeys.insert(samplePasskey()),
      find: () => passkeys.find('credential'),
      list: () => passkeys.list('usr_1'),
      bump: () => passkeys.bump('credential', 0, { counter: 1, backedUp: false, at: testEpoch }),
      remove: () => passkeys.remove('usr_1', 'credential'),
    },
    channelIdentities: {
      findByExternal: () => channelIdentities.findByExternal('slack', 'U1'),
      findByUser: () => channelIdentities.findByUser('slack', 'usr_1'),
      upsert: () =>
        channelIdentities.upsert({
          channel: 'slack',
          externalId: 'U1',
          userId: 'usr_1',
          learnedAt: testEpoch,
        }),
    },
    deliveries: {
      insert: () =>
        deliveries.insert({
          consentId: 'cns_1',
          channel: 'slack',
          reference: 'm1',
          sentAt: testEpoch,
        }),
      list: () => deliveries.list('cns_1'),
      sweep: () => deliveries.sweep(testEpoch),
    },
    logins: {
      ensureUser: () => logins.ensureUser(person),
      findUser: () => logins.findUser('usr_1'),
      insertSession: () =>
        logins.insertSession({
          hash: 'hash',
          userId: 'usr_1',
          csrfToken: 'csrf',
          createdAt: testEpoch,
          expiresAt,
        }),
      findSession: () => logins.findSession('hash'),
      removeSession: () => logins.removeSession('hash'),
      insertFlow: () =>
        logins.insertFlow({
          stateHash: 'hash',
          bindingHash: 'hash',
          codeVerifier: 'verifier',
          nonce: 'nonce',
          returnTo: '/',
          expiresAt,
        }),
      takeFlow: () => logins.takeFlow('hash'),
      sweep: () => logins.sweep(testEpoch),
    },
    users: { ensure: () => users.ensure(person), has: () => users.has('usr_1') },
    auditAnchor: { read: () => auditAnchor.read(), save: () => auditAnchor.save('head') },
  }
}

/** Holds when every method of the store says that it does not answer, soon; a missing one would be a hole to fall through. */
export async function assertStoreIsDown(store: Store): Promise<void> {
  const calls = Object.entries(everyCall(store)).flatMap(([port, methods]) =>
    Object.entries(methods).map(([method, call]) => [`${port}.${method}`, call] as const),
  )
  await Promise.all(
    [...calls, ['check', () => store.check()] as const].map(([name, call]) =>
      assert.rejects(call, (error: unknown) => {
        assert.ok(error instanceof DependencyDown, `${name}: ${String(error)}`)
        assert.equal(error.dependency, 'store', name)
        return true
      }),
    ),
  )
}
