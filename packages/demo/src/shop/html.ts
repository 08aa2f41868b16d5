const markup = Symbol('markup')

/** Markup that is safe to send: made by `html`. Text from anywhere else cannot be one. */
export interface Html {
  readonly [markup]: string
}

type Part = Html | string | number | undefined | false | readonly Html[]

/** Markup from a template. Every value is escaped unless it is markup already; absent values leave nothing. */
export const html = (strings: TemplateStringsArray, ...values: readonly Part[]): Html => ({
  [markup]: strings.reduce((text, next, index) => text + render(values[index - 1]) + next),
})

export const toSource = (value: Html): string => value[markup]

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (isList(part)) return part.map(render).join('')
  if (typeof part === 'object') return part[markup]
  return String(part).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

const isList = (part: Part): part is readonly Html[] => Array.isArray(part)
