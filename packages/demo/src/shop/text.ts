export type Language = 'en' | 'zh'

/** The same words in both languages of the shop. */
export interface Text {
  readonly en: string
  readonly zh: string
}
