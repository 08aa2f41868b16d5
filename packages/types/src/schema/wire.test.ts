import assert from 'node:assert/strict'
import test from 'node:test'
import { hostileTextArbitrary } from '@sallyport/testing'
import fc from 'fast-check'
import type { z } from 'zod'
import { authorizationRequestSchema, authorizationResponseSchema } from './authorization.ts'
import { discoverySchema, serviceDiscoverySchema } from './discovery.ts'
import { athErrorSchema } from './error.ts'
import { identityDocumentSchema } from './identity-document.ts'
import { readWire } from './read.ts'
import {
  agentRecordSchema,
  registrationRequestSchema,
  registrationResponseSchema,
  secretRotationRequestSchema,
} from './registration.ts'
import {
  revocationRequestSchema,
  revocationResponseSchema,
  tokenRequestSchema,
  tokenResponseSchema,
} from './token.ts'

type Json = Readonly<Record<string, unknown>>

const jwt = 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImRlZmF1bHQifQ.e30.c2lnbmF0dXJl'
const agentId = 'http://127.0.0.1:41003/athx/.well-known/agent.json'
const developer = { name: 'athx-user', id: 'athx-dev' }
const scopes = ['repo', 'read:user']

/** One wire object as a peer really sends it, and what of it must be there. */
interface Subject {
  readonly name: string
  readonly tags: string
  readonly schema: z.ZodType
  readonly sample: Json
  readonly required: readonly string[]
  /** What a peer may not send: a path in the sample, and the value. */
  readonly refused: readonly (readonly [string, unknown])[]
  /** Other values that must pass. */
  readonly taken?: readonly (readonly [string, unknown])[]
}

const subjects: readonly Subject[] = [
  {
    name: 'the discovery document',
    tags: '[R9] [R10] [C21]',
    schema: discoverySchema,
    sample: {
      ath_version: '0.1',
      gateway_id: 'https://gateway.example.com',
      agent_registration_endpoint: 'https://gateway.example.com/ath/agents/register',
      supported_providers: [
        {
          provider_id: 'github',
          display_name: 'GitHub',
          categories: ['code'],
          available_scopes: scopes,
          auth_mode: 'OAUTH2',
          agent_approval_required: true,
        },
      ],
    },
    required: [
      'ath_version',
      'gateway_id',
      'agent_registration_endpoint',
      'supported_providers',
      'supported_providers.0.provider_id',
      'supported_providers.0.display_name',
      'supported_providers.0.available_scopes',
      'supported_providers.0.auth_mode',
      'supported_providers.0.agent_approval_required',
    ],
    taken: [
      ['gateway_id', 'gateway.example.com'],
      ['supported_providers', []],
      ['supported_providers.0.categories', undefined],
    ],
    refused: [
      ['agent_registration_endpoint', '/ath/agents/register'],
      ['agent_registration_endpoint', 'file:///etc/passwd'],
      ['supported_providers.0.agent_approval_required', 'true'],
      ['supported_providers.0.provider_id', '../github'],
      ['supported_providers.0.available_scopes', ['with space']],
    ],
  },
  {
    name: 'the discovery document of a service',
    tags: '[R12] [R13] [R26] [C27]',
    schema: serviceDiscoverySchema,
    sample: {
      ath_version: '0.1',
      app_id: 'com.example.mail',
      name: 'Mail',
      auth: {
        type: 'oauth2',
        authorization_endpoint: 'https://mail.example.com/authorize',
        token_endpoint: 'https://mail.example.com/token',
        scopes_supported: ['mail:read'],
      },
      api_base: 'https://mail.example.com/api',
    },
    required: [
      'ath_version',
      'app_id',
      'name',
      'auth',
      'api_base',
      'auth.type',
      'auth.authorization_endpoint',
      'auth.token_endpoint',
      'auth.scopes_supported',
    ],
    taken: [
      ['app_id', 'https://mail.example.com'],
      ['auth.registration_endpoint', 'https://mail.example.com/register'],
      ['auth.agent_attestation_required', false],
    ],
    refused: [
      ['auth.type', 'oidc'],
      ['auth.token_endpoint', 'javascript:alert(1)'],
      ['api_base', 'mail.example.com'],
    ],
  },
  {
    name: 'the identity document',
    tags: '[R19]',
    schema: identityDocumentSchema,
    sample: {
      ath_version: '0.1',
      agent_id: agentId,
      name: 'Travel agent',
      developer: { ...developer, contact: 'dev@example.com' },
      public_key: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
      capabilities: ['mail'],
    },
    required: [
      'ath_version',
      'agent_id',
      'name',
      'developer',
      'developer.name',
      'developer.id',
      'public_key',
    ],
    taken: [
      ['public_key', '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----'],
      ['public_keys', [{ kty: 'EC', kid: '1' }]],
      ['developer.contact', undefined],
      ['capabilities', undefined],
      ['name', '旅行助手 🧳'],
    ],
    refused: [
      ['public_key', null],
      ['public_key', 7],
      ['public_keys', Array.from({ length: 11 }, () => ({}))],
      ['name', ''],
      ['name', '   '],
      ['name', 'Travel\nVerified by the gateway'],
      ['name', 'Travel \u202etnega'],
      ['name', 'Travel\u0000'],
      ['name', 'x'.repeat(201)],
      ['developer.name', 'a\u200bb'],
      ['developer.id', '\u001b[31m'],
    ],
  },
  {
    name: 'a registration as the TypeScript client sends it',
    tags: '[R40] [C7]',
    schema: registrationRequestSchema,
    sample: {
      agent_id: agentId,
      agent_attestation: jwt,
      developer,
      requested_providers: [{ provider_id: 'github', scopes }],
      purpose: 'CLI agent',
      redirect_uris: ['http://127.0.0.1:41001/ath/callback'],
    },
    required: [
      'agent_id',
      'agent_attestation',
      'developer',
      'developer.name',
      'developer.id',
      'requested_providers',
      'requested_providers.0.provider_id',
      'requested_providers.0.scopes',
    ],
    taken: [
      ['purpose', undefined],
      ['purpose', 'two\nlines'],
      ['redirect_uris', undefined],
      ['redirect_uris', []],
      ['redirect_uris', ['com.example.app:/callback', 'https://agent.example/cb?a=1']],
    ],
    refused: [
      ['agent_id', 'me'],
      ['agent_attestation', ''],
      ['agent_attestation', 'x'.repeat(8193)],
      ['requested_providers', []],
      ['requested_providers', {}],
      ['requested_providers.0.scopes', 'repo read:user'],
      ['requested_providers.0.scopes', ['']],
      ['requested_providers.0.scopes', Array.from({ length: 101 }, (_, index) => `s${index}`)],
      ['purpose', 'x'.repeat(1001)],
      ['redirect_uris', ['javascript:alert(1)']],
      ['redirect_uris', ['java\nscript:alert(1)']],
      ['redirect_uris', ['data:text/html,x']],
      ['redirect_uris', ['https://agent.example/#fragment']],
      ['redirect_uris', ['https://agent.example/\r\nset-cookie: a=b']],
      ['redirect_uris', [' https://agent.example/']],
      ['redirect_uris', ['/relative']],
    ],
  },
  {
    name: 'the answer to a registration',
    tags: '[R42] [C22]',
    schema: registrationResponseSchema,
    sample: {
      client_id: 'ath_ad8e452c196fdd01',
      client_secret: 'ath_secret_0123456789abcdef',
      agent_status: 'approved',
      approved_providers: [{ provider_id: 'github', approved_scopes: scopes, denied_scopes: [] }],
      approval_expires: '2027-11-22T00:46:18.152Z',
    },
    required: [
      'client_id',
      'client_secret',
      'agent_status',
      'approved_providers',
      'approved_providers.0.approved_scopes',
      'approved_providers.0.denied_scopes',
      'approval_expires',
    ],
    taken: [
      ['agent_status', 'pending'],
      ['agent_status', 'denied'],
      ['approved_providers', []],
      ['approved_providers.0.denial_reason', 'not allowed'],
    ],
    refused: [['agent_status', 'suspended']],
  },
  {
    name: 'the status of an agent',
    tags: '[C20]',
    schema: agentRecordSchema,
    sample: {
      client_id: 'ath_ad8e452c196fdd01',
      agent_id: agentId,
      agent_status: 'approved',
      approved_providers: [],
      approval_expires: '2027-11-22T00:46:18.152Z',
      registered_at: '2026-11-22T00:46:18.152Z',
      developer,
      purpose: 'CLI agent',
    },
    required: ['client_id', 'agent_id', 'agent_status', 'approved_providers', 'registered_at'],
    refused: [['agent_status', 'unknown']],
  },
  {
    name: 'the rotation of a secret',
    tags: '[C13]',
    schema: secretRotationRequestSchema,
    sample: { agent_attestation: jwt, overlap_seconds: 60 },
    required: ['agent_attestation'],
    taken: [['overlap_seconds', undefined]],
    refused: [
      ['overlap_seconds', -1],
      ['overlap_seconds', 86_401],
      ['overlap_seconds', 1.5],
    ],
  },
  {
    name: 'an authorization as the clients send it',
    tags: '[R55] [R56] [C29]',
    schema: authorizationRequestSchema,
    sample: {
      client_id: 'ath_ad8e452c196fdd01',
      agent_attestation: jwt,
      provider_id: 'github',
      scopes,
      user_redirect_uri: 'http://127.0.0.1:41001/ath/callback',
      state: '47f6997733ef0111594b8c68d9675d78',
    },
    required: ['client_id', 'agent_attestation', 'provider_id', 'scopes', 'state'],
    taken: [
      ['state', 'x'],
      ['state', 'test'],
      ['state', 'a b\u00e9'],
      ['state', 's'.repeat(512)],
      ['resource', 'https://api.example.com/mail'],
      ['user_redirect_uri', undefined],
    ],
    refused: [
      ['state', ''],
      ['state', 's'.repeat(513)],
      ['state', 7],
      ['scopes', []],
      ['scopes', 'repo'],
      ['scopes', ['re"po']],
      ['provider_id', 'git/hub'],
      ['provider_id', '.'],
      ['resource', 'api'],
      ['resource', 'https://api.example.com/#x'],
      ['user_redirect_uri', 'javascript:alert(1)'],
    ],
  },
  {
    name: 'the answer to an authorization',
    tags: '[R68]',
    schema: authorizationResponseSchema,
    sample: {
      authorization_url:
        'http://127.0.0.1:41000/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%2Fath%2Fcallback&scope=repo+read%3Auser&code_challenge_method=S256&response_type=code',
      ath_session_id: 'ath_sess_0123456789abcdef01234567',
    },
    required: ['authorization_url', 'ath_session_id'],
    refused: [
      ['authorization_url', 'file:///etc/passwd'],
      ['authorization_url', 'javascript:alert(1)'],
      ['authorization_url', '/authorize'],
    ],
  },
  {
    name: 'a token request as the clients send it',
    tags: '[R78] [C9]',
    schema: tokenRequestSchema,
    sample: {
      grant_type: 'authorization_code',
      client_id: 'ath_ad8e452c196fdd01',
      client_secret: 'ath_secret_0123456789abcdef',
      agent_attestation: jwt,
      code: 'code',
      ath_session_id: 'ath_sess_0123456789abcdef01234567',
    },
    required: [
      'grant_type',
      'client_id',
      'client_secret',
      'agent_attestation',
      'code',
      'ath_session_id',
    ],
    taken: ['exchange', 'oauth-completed', 'real_oauth_exchange', 'mock_code'].map(
      (code) => ['code', code] as const,
    ),
    refused: [
      ['grant_type', 'refresh_token'],
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['code', ''],
      ['client_secret', 's'.repeat(257)],
    ],
  },
  {
    name: 'the answer to a token request',
    tags: '[R86] [R87]',
    schema: tokenResponseSchema,
    sample: {
      access_token: `ath_tk_${'0'.repeat(64)}`,
      token_type: 'Bearer',
      expires_in: 3600,
      effective_scopes: scopes,
      provider_id: 'github',
      agent_id: agentId,
      scope_intersection: { agent_approved: scopes, user_consented: scopes, effective: scopes },
    },
    required: [
      'access_token',
      'token_type',
      'expires_in',
      'effective_scopes',
      'provider_id',
      'agent_id',
      'scope_intersection',
      'scope_intersection.agent_approved',
      'scope_intersection.user_consented',
      'scope_intersection.effective',
    ],
    refused: [
      ['token_type', 'bearer'],
      ['token_type', 'DPoP'],
      ['expires_in', '3600'],
      ['expires_in', 3600.5],
    ],
  },
  {
    name: 'a revocation as the clients send it',
    tags: '[R103]',
    schema: revocationRequestSchema,
    sample: {
      client_id: 'ath_ad8e452c196fdd01',
      client_secret: 'ath_secret_0123456789abcdef',
      token: `ath_tk_${'0'.repeat(64)}`,
    },
    required: ['token'],
    taken: [['client_id', undefined]],
    refused: [
      ['token', ''],
      ['token', ['a']],
    ],
  },
  {
    name: 'the answer to a revocation',
    tags: '[C18]',
    schema: revocationResponseSchema,
    sample: { message: 'Token revoked' },
    required: ['message'],
    refused: [],
  },
  {
    name: 'an error as any peer may send it',
    tags: '[R111] [C13]',
    schema: athErrorSchema,
    sample: { code: 'CONFLICT', message: 'registered already', client_id: 'ath_x' },
    required: ['code', 'message'],
    taken: [['details', { reason: 'x' }]],
    refused: [['details', 'text']],
  },
]

/** The sample with one place changed; `undefined` removes it. */
function withValue(sample: Json, path: string, value: unknown): Json {
  const copy = structuredClone(sample) as Record<string, unknown>
  const parts = path.split('.')
  const last = parts.pop() ?? ''
  let place = copy
  for (const part of parts) place = place[part] as Record<string, unknown>
  if (value === undefined) delete place[last]
  else place[last] = value
  return copy
}

const shown = (path: string) => path.replaceAll(/\.(\d+)/g, '[$1]')

for (const { name, tags, schema, sample, required, taken = [], refused } of subjects) {
  test(`${tags} ${name} is read as it is`, () => {
    const read = readWire(schema, sample)
    assert.ok(read.ok, JSON.stringify(read))
    assert.partialDeepStrictEqual(read.value, sample)
  })

  test(`[R16] ${name} may hold members that nobody knows`, () => {
    const read = readWire(schema, { ...sample, 'x-extension': { a: [1] } })
    assert.ok(read.ok)
    assert.deepEqual((read.value as Json)['x-extension'], { a: [1] })
  })

  for (const path of required)
    test(`${tags} ${name} without ${path} is refused, naming the place`, () => {
      const read = readWire(schema, withValue(sample, path, undefined))
      assert.ok(!read.ok)
      assert.deepEqual(
        read.error.map((error) => error.path),
        [shown(path)],
      )
    })

  for (const [path, value] of taken)
    test(`${tags} ${name} with ${path} of ${label(value)} is taken`, () => {
      const read = readWire(schema, withValue(sample, path, value))
      assert.ok(read.ok, JSON.stringify(read))
    })

  for (const [path, value] of refused)
    test(`${tags} ${name} with ${path} of ${label(value)} is refused`, () => {
      const read = readWire(schema, withValue(sample, path, value))
      assert.ok(!read.ok)
      assert.ok(read.error.every((error) => error.path.startsWith(shown(path))))
    })

  test(`${name} is never anything but an object`, () => {
    for (const value of [undefined, null, 7, 'text', [], [sample]])
      assert.equal(readWire(schema, value).ok, false)
  })
}

function label(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 50)
}

test('[R13] attestations are required of a native service that does not say', () => {
  const service = subjects.find(({ schema }) => schema === serviceDiscoverySchema)
  const read = readWire(serviceDiscoverySchema, service?.sample)
  assert.ok(read.ok)
  assert.equal(read.value.auth.agent_attestation_required, true)
})

test('what is wrong is told by its place, never by its value', () => {
  const secret = 'ath_secret_do-not-tell'
  const anything = fc.oneof(
    fc.constant<unknown>(secret),
    fc.constant<unknown>([secret]),
    fc.constant<unknown>({ [secret]: secret }),
    fc.constant<unknown>(`${secret}\n${'x'.repeat(10_000)}`),
    hostileTextArbitrary().map((text) => `${secret}${text}`),
    fc.constant(7),
  )
  fc.assert(
    fc.property(fc.constantFrom(...subjects), fc.array(anything), ({ schema, sample }, values) => {
      const names = Object.keys(sample)
      const changed = values.reduce<Json>(
        (object, value, index) => ({ ...object, [names[index % names.length] ?? '']: value }),
        sample,
      )
      const read = readWire(schema, changed)
      if (!read.ok) assert.doesNotMatch(JSON.stringify(read.error), /do-not-tell/)
    }),
    { numRuns: 1000 },
  )
})

test('what was read is read the same again from its own JSON', () => {
  for (const { name, schema, sample } of subjects) {
    const once = readWire(schema, sample)
    assert.ok(once.ok)
    const again = readWire(schema, JSON.parse(JSON.stringify(once.value)))
    assert.deepEqual(again, once, name)
  }
})
