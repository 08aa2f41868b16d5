import { html, type Html } from '../html.ts'
import { en, type MessageKey } from './en.ts'
import { zhCn } from './zh-cn.ts'

export const catalogues = { en, 'zh-CN': zhCn } as const
export type Language = keyof typeof catalogues
export const languages = Object.keys(catalogues) as readonly Language[]

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never
type Values<Key extends MessageKey, Value> = keyof Places<Key, Value> extends never
  ? []
  : [Places<Key, Value>]
type Places<Key extends MessageKey, Value> = Readonly<Record<Names<(typeof en)[Key]>, Value>>

/** One sentence of the catalogue with its places filled in, each value escaped unless it is markup. */
export function say<Key extends MessageKey>(
  language: Language,
  key: Key,
  ...values: Values<Key, Html | string | number>
): Html {
  const given: Readonly<Record<string, Html | string | number>> = values[0] ?? {}
  const parts = catalogues[language][key].split(place)
  return html`${parts.map((part, index) => html`${index % 2 === 0 ? part : given[part]}`)}`
}

/** The same as text, for titles and attributes. */
export function sayText<Key extends MessageKey>(
  language: Language,
  key: Key,
  ...values: Values<Key, string | number>
): string {
  const given: Readonly<Record<string, string | number>> = values[0] ?? {}
  return catalogues[language][key].replace(place, (_, name: string) => String(given[name]))
}

const place = /\{(\w+)\}/g
