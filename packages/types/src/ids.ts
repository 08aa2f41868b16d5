declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]?: Name }

/** The URL of an agent's identity document; the agent's name everywhere (R17). */
export type AgentId = Branded<'AgentId'>
/** An agent's registration at one implementor: `ath_` + random. */
export type ClientId = Branded<'ClientId'>
/** One pending handshake: `ath_sess_` + 256 random bits. The wire calls it `ath_session_id`. */
export type HandshakeId = Branded<'HandshakeId'>
/** A consented permission of one user for one agent at one provider: `gnt_` + random. */
export type GrantId = Branded<'GrantId'>
/** A person who consents: `usr_` + random, stable per issuer and subject. */
export type UserId = Branded<'UserId'>
/** One question to a person: `cns_` + 256 random bits. Who has it still needs to be that person. */
export type ConsentId = Branded<'ConsentId'>
/** What a completed nine-step handshake made: `ath_ses_` + 128 random bits. */
export type SessionId = Branded<'SessionId'>
/** One service behind the implementor, by the name agents use. */
export type ProviderId = Branded<'ProviderId'>

/** Prefixes of the public identifiers (C23); peers and secret scanners recognise them. */
export const prefix = {
  client: 'ath_',
  secret: 'ath_secret_',
  handshake: 'ath_sess_',
  token: 'ath_tk_',
  code: 'ath_code_',
  grant: 'gnt_',
  user: 'usr_',
  consent: 'cns_',
  nineStep: 'ath_hs_',
  session: 'ath_ses_',
  credential: 'ath_uc_',
  stepUp: 'ath_su_',
} as const
