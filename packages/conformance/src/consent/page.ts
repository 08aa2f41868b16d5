import { type HTMLElement, parse } from 'node-html-parser'
import type { Decision } from './consent.ts'

/** What the built-in browser looks for on pages, all lower case. */
export interface PageWords {
  /** Values or words of the button that says yes. */
  readonly approve: readonly string[]
  readonly deny: readonly string[]
  /** Log-in fields by name. */
  readonly fields: Readonly<Record<string, string>>
}

export const usualWords: PageWords = {
  approve: ['approve', 'allow', 'accept', 'authorize', 'consent', 'continue', 'confirm', 'yes'],
  deny: ['deny', 'reject', 'decline', 'cancel', 'refuse', 'abort', 'no'],
  fields: {},
}

/** What the browser does next on a page. */
export type Step =
  | {
      readonly kind: 'submit'
      readonly method: 'GET' | 'POST'
      readonly action: string
      readonly fields: URLSearchParams
      /** Whether this was the person's answer, or a log-in on the way to it. */
      readonly decides: boolean
    }
  | { readonly kind: 'follow'; readonly href: string; readonly decides: boolean }

/** Reads a page as a person who wants to say `decision`: presses that button, else fills in a log-in form. */
export function readPage(
  html: string,
  decision: Decision,
  words: PageWords,
  tick: (box: string) => boolean,
): Step | undefined {
  const document = parse(html)
  const refresh = document.querySelector('meta[http-equiv="refresh"]')?.getAttribute('content')
  const href = /url=(.+)$/i.exec(refresh ?? '')?.[1]?.trim()
  if (href) return { kind: 'follow', href, decides: false }
  const forms = document.querySelectorAll('form')
  for (const form of forms) {
    const button = buttons(form).find((one) => says(one, words[decision]))
    const other = decision === 'approve' ? 'deny' : 'approve'
    // A log-in form's "Continue" is no answer to a question; one with both buttons always is.
    const asks = buttons(form).some((one) => says(one, words[other]))
    if (button && (asks || !isLogin(form))) return submit(form, button, words, tick, true)
  }
  if (decision === 'deny') {
    const link = document.querySelectorAll('a[href]').find((one) => says(one, words.deny))
    if (link) return { kind: 'follow', href: link.getAttribute('href') ?? '', decides: true }
  }
  const login = forms.find(isLogin)
  if (login) return submit(login, buttons(login)[0], words, tick, false)
  return undefined
}

const buttons = (form: HTMLElement) =>
  form
    .querySelectorAll('button, input[type="submit"]')
    .filter((one) => !['button', 'reset'].includes(one.getAttribute('type') ?? ''))

function says(element: HTMLElement, words: readonly string[]): boolean {
  const said = [element.getAttribute('value'), element.text]
    .map(
      (text) =>
        text
          ?.toLowerCase()
          .replace(/[^a-z ]/g, ' ')
          .trim()
          .split(/\s+/) ?? [],
    )
    .flat()
  return words.some((word) => said.includes(word.toLowerCase()))
}

const isLogin = (form: HTMLElement) =>
  form.querySelector('input[type="password"]') !== null ||
  form.querySelector('input[name="login"], input[name="username"]') !== null

function submit(
  form: HTMLElement,
  button: HTMLElement | undefined,
  words: PageWords,
  tick: (box: string) => boolean,
  decides: boolean,
): Step {
  const fields = new URLSearchParams()
  for (const input of form.querySelectorAll('input, select, textarea')) {
    const name = input.getAttribute('name')
    const type = input.getAttribute('type')?.toLowerCase() ?? 'text'
    if (!name || input.hasAttribute('disabled') || ['submit', 'button', 'image'].includes(type))
      continue
    if (type === 'checkbox') {
      const value = input.getAttribute('value') ?? 'on'
      if (tick(`${name}=${value}`)) fields.append(name, value)
    } else if (type === 'radio') {
      if (input.hasAttribute('checked')) fields.append(name, input.getAttribute('value') ?? 'on')
    } else fields.append(name, words.fields[name] ?? valueOf(input, type))
  }
  const name = button?.getAttribute('name')
  if (name) fields.append(name, button?.getAttribute('value') ?? '')
  return {
    kind: 'submit',
    method: form.getAttribute('method')?.toLowerCase() === 'post' ? 'POST' : 'GET',
    action: form.getAttribute('action') ?? '',
    fields,
    decides,
  }
}

/** Development log-ins take any name; others are told theirs by `--form`. */
function valueOf(input: HTMLElement, type: string): string {
  if (input.tagName === 'SELECT') {
    const chosen = input.querySelector('option[selected]') ?? input.querySelector('option')
    return chosen?.getAttribute('value') ?? chosen?.text ?? ''
  }
  if (input.tagName === 'TEXTAREA') return input.text
  return input.getAttribute('value') ?? (type === 'hidden' ? '' : 'alice')
}
