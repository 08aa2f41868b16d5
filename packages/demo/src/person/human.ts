import { openBrowser } from '@ath-protocol/client'
import type { Language } from '../run/arguments.ts'
import type { Answer, Person } from './person.ts'

interface HumanOptions {
  readonly say: (line: string) => void
  readonly lang: Language
  /** Also open the page, where there is somebody to see it. */
  readonly open: boolean
}

/** The person is whoever started the demo: they get the link and are told what to click. */
export function createHuman({ say, lang, open }: HumanOptions): Person {
  const zh = lang === 'zh'
  // Nothing to wait for here: the agent asks the gateway until there is an answer.
  const tell = async (url: string, what: string) => {
    say(zh ? `   > 打开 ${url}` : `   > open ${url}`)
    say(`     ${what}`)
    if (open) await openBrowser(url)
  }
  const signIn = zh ? '用户名 wang，密码 wang；' : 'as wang, password wang; '
  const labels = zh
    ? { approve: '同意', deny: '拒绝', review: '查看' }
    : { approve: 'Approve', deny: 'Deny', review: 'Review' }
  return {
    answer: (url, answer) => tell(url, signIn + sayAnswer(answer, zh)),
    review: (chat, answer, press = labels.review) =>
      tell(
        chat,
        zh
          ? `在最上面一条里点“${press}”，${sayAnswer(answer, zh)}`
          : `press ${press} in the topmost message; ${sayAnswer(answer, zh)}`,
      ),
    press: (chat, button) =>
      tell(
        chat,
        zh
          ? `在最上面的消息里点“${labels[button]}”`
          : `press ${labels[button]} in the topmost message`,
      ),
    add: (url, hint) => {
      const add = signIn + (zh ? '然后点“添加…”' : 'then Add …')
      return tell(url, hint === undefined ? add : `${add} (${hint})`)
    },
    look: async (url, hint) => {
      await tell(url, hint === undefined ? signIn : signIn + hint)
      return undefined
    },
    close: async () => undefined,
  }
}

function sayAnswer({ approve, untick = [], tick = [] }: Answer, zh: boolean): string {
  const changes = zh
    ? [untick.length > 0 && `去掉 ${untick.join(' ')}`, tick.length > 0 && `勾选 ${tick.join(' ')}`]
    : [
        untick.length > 0 && `untick ${untick.join(' ')}`,
        tick.length > 0 && `tick ${tick.join(' ')}`,
      ]
  const last = zh ? `点“${approve ? '同意' : '拒绝'}”` : `then ${approve ? 'Approve' : 'Deny'}`
  return [...changes.filter((one) => one !== false), last].join(zh ? '，' : ', ')
}
