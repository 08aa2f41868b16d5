/** Cases without keys: text in, result out. The test beside the rules computes each result again. */
export const canonicalCases = [
  {
    json: String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    canonical: String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  },
  {
    json: '{"\\u20ac":1,"\\r":2,"1":3,"\\ud83d\\ude00":4,"\\u0080":5,"\\u00f6":6,"\\ufb33":7}',
    canonical: '{"\\r":2,"1":3,"\u0080":5,"\u00f6":6,"\u20ac":1,"\ud83d\ude00":4,"\ufb33":7}',
  },
  { json: '[ -0 , 10 , 1.0 , "" , {} ]', canonical: '[0,10,1,"",{}]' },
  { json: '[1e400]', canonical: null },
  { json: '["\\ud800"]', canonical: null },
  { json: `${'['.repeat(18)}${']'.repeat(18)}`, canonical: null },
] as const

export const didCases = [
  { did: 'did:ath:ai_office_assistant_001', method: 'ath_label' },
  { did: 'did:ath:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', method: 'ath_key' },
  { did: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp', method: 'key' },
  { did: 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169', method: 'key' },
  {
    did: 'did:web:agents.example',
    method: 'web',
    document: 'https://agents.example/.well-known/did.json',
  },
  {
    did: 'did:web:agents.example%3A8443:office:1',
    method: 'web',
    document: 'https://agents.example:8443/office/1/did.json',
  },
  { did: 'did:web:127.0.0.1', method: null },
  { did: 'did:web:AGENTS.example', method: null },
  { did: 'did:web:agents.example:..:x', method: null },
  { did: 'did:ath:with space', method: null },
  { did: 'did:example:x', method: null },
] as const

export const negotiationCases = [
  {
    versions: ['0.1', '0.2'],
    capabilities: ['EdDSA', 'ES256', 'ATH-HS-JWS', 'ATH-ENC'],
    encryption: 'offered',
    agreed: ['ES256', 'ATH-HS-JWS', 'ATH-ENC'],
  },
  {
    versions: ['0.1'],
    capabilities: ['EdDSA', 'TLS1.3', 'ATH-HS-JWS', 'ATH-ENC'],
    encryption: 'off',
    agreed: ['EdDSA', 'TLS1.3', 'ATH-HS-JWS'],
  },
  {
    versions: ['0.2'],
    capabilities: ['ES256', 'ATH-HS-JWS'],
    encryption: 'off',
    refused: 'version_unsupported',
  },
  { versions: ['0.1'], capabilities: ['ES256'], encryption: 'off', refused: 'bare_nonce' },
  {
    versions: ['0.1'],
    capabilities: ['RS256', 'ATH-HS-JWS'],
    encryption: 'off',
    refused: 'algorithm_unsupported',
  },
  {
    versions: ['0.1'],
    capabilities: ['ES256', 'ATH-HS-JWS'],
    encryption: 'required',
    refused: 'algorithm_unsupported',
  },
] as const

const office = {
  ip_whitelist: ['10.0.0.0/8'],
  access_time: '9:00-18:00',
  access_timezone: 'Asia/Shanghai',
} as const
const newYork = { access_time: '9:00-18:00', access_timezone: 'America/New_York' } as const
const night = { access_time: '22:00-6:00' } as const

export const restrictionCases = [
  { restrictions: office, ip: '10.1.2.3', at: '2026-11-23T01:00:00Z', refused: null },
  { restrictions: office, ip: '::ffff:10.1.2.3', at: '2026-11-23T09:59:59Z', refused: null },
  { restrictions: office, ip: '10.1.2.3', at: '2026-11-23T10:00:00Z', refused: 'outside_hours' },
  { restrictions: office, ip: '11.1.2.3', at: '2026-11-23T01:00:00Z', refused: 'outside_network' },
  {
    restrictions: office,
    ip: '2001:db8::1',
    at: '2026-11-23T01:00:00Z',
    refused: 'outside_network',
  },
  { restrictions: newYork, ip: '::1', at: '2026-10-30T13:00:00Z', refused: null },
  { restrictions: newYork, ip: '::1', at: '2026-11-02T13:00:00Z', refused: 'outside_hours' },
  { restrictions: night, ip: '::1', at: '2026-11-23T23:59:59Z', refused: null },
  { restrictions: night, ip: '::1', at: '2026-11-24T06:00:00Z', refused: 'outside_hours' },
  {
    restrictions: { ip_whitelist: ['2001:db8::/32'] },
    ip: '2001:db8:ffff::1',
    at: '2026-11-23T12:00:00Z',
    refused: null,
  },
] as const

export const restrictionsThatDoNotLoad = [
  { max_orders: 3 },
  { ip_whitelist: ['10.0.0.1/8'] },
  { access_time: '9:00-9:00' },
  { access_time: '9:00-18:00', access_timezone: 'Mars/Olympus' },
  { rate_limit: '100/week' },
] as const

export const sequenceCases = [
  { arrive: [0, 1, 2, 1, 4, 3], taken: [true, true, true, false, true, true] },
  { arrive: [100, 37, 36, 100], taken: [true, true, false, false] },
  { arrive: [4294967295, 4294967296, 0], taken: [true, false, false] },
] as const

/** A dot would let a peer compose a token to be signed; the rest is too short, too long or no base64url. */
export const refusedNonces = [
  'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0',
  'random_abc123',
  'a'.repeat(87),
  'aaaaaaaaaaaaaaaaaaaaaa==',
] as const
