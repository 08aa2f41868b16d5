import { openBrowser } from '@ath-protocol/client'
import type { Language } from '../run/arguments.ts'
import type { Person } from './person.ts'

interface HumanOptions {
  readonly say: (line: string) => void
  readonly lang: Language
  /** Also open the page, where there is somebody to see it. */
  readonly open: boolean
}

/** The person is whoever started the demo: they get the link and are told what to click. */
export function createHuman({ say, lang, open }: HumanOptions): Person {
  const zh = lang === 'zh'
  return {
    // Nothing to wait for here: the agent asks the gateway until there is an answer.
    async answer(url, { approve, untick = [] }) {
      const narrow = untick.join(' ')
      const what = zh
        ? approve
          ? `${narrow && `去掉 ${narrow}，`}然后点“同意”`
          : '然后点“拒绝”'
        : approve
          ? `${narrow && `untick ${narrow}, `}then Approve`
          : 'then Deny'
      say(zh ? `   > 打开 ${url}` : `   > open ${url}`)
      say(zh ? `     用户名 wang，密码 wang；${what}` : `     as wang, password wang; ${what}`)
      if (open) await openBrowser(url)
    },
    close: async () => undefined,
  }
}
