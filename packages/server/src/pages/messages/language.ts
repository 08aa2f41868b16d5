import type { AthCall } from '../../wire/http.ts'
import { type Language, languages } from './say.ts'

/** `?lang=` decides, then `Accept-Language`, then English. No cookie: nothing to consent to before consenting. */
export function chooseLanguage(call: Pick<AthCall, 'query' | 'headers'>): Language {
  return askedLanguage(call) ?? acceptedLanguage(call.headers['accept-language']) ?? 'en'
}

/** The language that the person chose with the link on the page. */
export function askedLanguage(call: Pick<AthCall, 'query'>): Language | undefined {
  const asked = call.query.get('lang')
  return languages.find((language) => language === asked)
}

/** RFC 9110 §12.5.4. Any Chinese is served with ours rather than with English. */
function acceptedLanguage(header = ''): Language | undefined {
  return header
    .slice(0, 500)
    .split(',')
    .map((item) => {
      const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return { primary: range.split('-')[0], weight: weight ? Number(weight.slice(2)) : 1 }
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ primary }) => languages.find((language) => language.split('-')[0] === primary))
    .find((language) => language !== undefined)
}
