declare const markup: unique symbol
/** Markup that is safe to send: made by `html`, or from text by escaping. A plain string is never one. */
export interface Html {
  readonly [markup]?: true
  readonly source: string
}

/** Everything that was made here; an object of the same shape from elsewhere is not markup. */
const made = new WeakSet<object>()

function make(source: string): Html {
  const value: Html = Object.freeze({ source })
  made.add(value)
  return value
}

type Part = Html | string | number | undefined | false | readonly Html[]

/** Markup from a template. Every value is escaped unless it is markup already; absent values leave nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return make(strings.reduce((text, next, index) => text + render(values[index - 1]) + next))
}

/** The characters that could end a text or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (Array.isArray(part)) return part.map(render).join('')
  if (typeof part === 'object' && made.has(part)) return (part as Html).source
  // An object that was not made here is nobody's text.
  return typeof part === 'object' ? '' : escapeHtml(String(part))
}
