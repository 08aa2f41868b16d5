/** What the person is to answer when an agent asks. */
export interface Answer {
  readonly approve: boolean
  /** Scopes that are taken out on the gateway's page before it is sent. */
  readonly untick?: readonly string[]
  /** Scopes that are put in: what can do harm is never ticked beforehand. */
  readonly tick?: readonly string[]
}

/** Somebody who works at the company and sits in front of a browser. */
export interface Person {
  /** Opens the link an agent gave, signs in where asked, and answers. Comes back when the browser arrived at the end. */
  answer(url: string, answer: Answer): Promise<void>
  /** Opens the newest message in a chat, or question on a page, follows its link, signs in where asked, and answers there; `press` is for people. */
  review(chat: string, answer: Answer, press?: string): Promise<void>
  /** Presses a button of the newest message in a chat. */
  press(chat: string, button: 'approve' | 'deny'): Promise<void>
  /** Opens one of the gateway's pages about oneself, and adds what it offers to add; `hint` is for people. */
  add(url: string, hint?: string): Promise<void>
  /** Opens a page of somebody's own, signs in where asked, and reads it; a person who reads it themselves tells nobody. */
  look(url: string, hint?: string): Promise<string | undefined>
  close(): Promise<void>
}
