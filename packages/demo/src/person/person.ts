/** What the person is to answer when an agent asks. */
export interface Answer {
  readonly approve: boolean
  /** Scopes that are taken out on the gateway's page before it is sent. */
  readonly untick?: readonly string[]
}

/** Somebody who works at the company and sits in front of a browser. */
export interface Person {
  /** Opens the link an agent gave, signs in where asked, and answers. Comes back when the browser arrived at the end. */
  answer(url: string, answer: Answer): Promise<void>
  close(): Promise<void>
}
