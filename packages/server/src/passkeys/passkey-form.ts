import { html, type Html } from '../pages/html.ts'
import { type Language, say } from '../pages/messages/say.ts'

/**
 * What a form needs to ask for a passkey: attributes for its `<form>`, and what goes inside, before the buttons. The
 * page renders with `script: passkeyScript`; the answer comes back in the field `passkey`, empty without JavaScript. A
 * button that needs no passkey carries `data-passkey-skip`.
 */
export function passkeyForm(
  language: Language,
  ask: { readonly get: string } | { readonly create: string },
): { readonly attributes: Html; readonly fields: Html } {
  const kinds = [
    'unsupported',
    'cancelled',
    'failed',
    ...('create' in ask ? (['known'] as const) : []),
  ] as const
  return {
    attributes:
      'get' in ask
        ? html`data-passkey-get="${ask.get}"`
        : html`data-passkey-create="${ask.create}"`,
    fields: html`<input type="hidden" name="passkey" value="">
<noscript><p class="alert">${say(language, 'passkey.no_script')}</p></noscript>
<p class="alert" role="alert" data-passkey-says="elsewhere" hidden>${say(language, 'passkey.elsewhere', { host: hostOf(ask) })}</p>
${kinds.map((kind) => html`<p class="alert" role="alert" data-passkey-says="${kind}" hidden>${say(language, `passkey.${kind}`)}</p>`)}
<p class="soft" role="status" data-passkey-says="waiting" hidden>${say(language, 'passkey.waiting')}</p>`,
  }
}

/** The name that the passkeys belong to, out of the options. */
function hostOf(ask: { readonly get: string } | { readonly create: string }): string {
  const options = JSON.parse('get' in ask ? ask.get : ask.create) as {
    readonly rpId?: string
    readonly rp?: { readonly id: string }
  }
  return options.rpId ?? options.rp?.id ?? ''
}
