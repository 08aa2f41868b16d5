import type { Language } from '../run/arguments.ts'
import type { Person } from './person.ts'

/** The person is whoever started the demo: they get the link and are told what to click. */
export function createHuman(say: (line: string) => void, lang: Language): Person {
  return {
    // Nothing to wait for here: the agent asks the gateway until there is an answer.
    async answer(url, { approve, untick = [] }) {
      const scopes = untick.join(', ')
      if (lang === 'zh') {
        say(`   请打开 ${url}`)
        say(
          `   用户名和密码都是 wang；${approve ? `${scopes ? `去掉 ${scopes}，` : ''}然后点同意` : '然后点拒绝'}`,
        )
      } else {
        say(`   open ${url}`)
        say(
          `   sign in as wang, password wang; ${approve ? `${scopes ? `untick ${scopes}, ` : ''}then approve` : 'then deny'}`,
        )
      }
    },
    close: async () => undefined,
  }
}
