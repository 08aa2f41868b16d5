import type { TestCertificate } from '@sallyport/testing'

/** What every subject is given. */
export interface Surroundings {
  /** For `localhost` and `127.0.0.1`; this process trusts it, and nobody else. */
  readonly certificate: TestCertificate
  /** Keeps the private key of a subject's person, and gives the name of its file. */
  keepUserKey(pem: string): string
}
