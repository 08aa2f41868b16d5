import type { Command } from 'commander'
import type { CommandSpec } from '../command-spec.ts'
import { UsageError } from '../usage-error.ts'

export const completion: CommandSpec = {
  usage: 'completion <shell>',
  summary: 'Print a completion script for bash, zsh or fish.',
  examples: [
    'athx completion bash >> ~/.bashrc',
    'athx completion zsh > "${fpath[1]}/_athx"',
    'athx completion fish > ~/.config/fish/completions/athx.fish',
  ],
  next: 'start a new shell',
  run: async ({ io }, [shell = ''], command) => {
    const words = listWords(command.parent as Command)
    const render = { bash, zsh, fish }[shell]
    if (!render) throw new UsageError(`unknown shell \`${shell}\``, 'use bash, zsh or fish')
    io.stdout.write(`${render(words)}\n`)
  },
}

/** Command path (`''` is athx itself) → what may follow it. */
type Words = ReadonlyMap<string, readonly string[]>

function listWords(root: Command): Words {
  const words = new Map<string, readonly string[]>()
  const flags = (command: Command) =>
    command.options.filter((option) => !option.hidden).map((option) => option.long ?? '')
  const visit = (command: Command, path: string) => {
    const children = command.commands.map((child) => child.name())
    words.set(path, [...children, ...flags(command), ...(path ? flags(root) : [])])
    for (const child of command.commands) visit(child, `${path} ${child.name()}`.trim())
  }
  visit(root, '')
  return words
}

const cases = (words: Words, line: (path: string, list: string) => string) =>
  [...words].map(([path, list]) => line(path, list.join(' '))).join('\n')

const bash = (words: Words) => `_athx() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  local list=""
  while :; do
    case "$path" in
${cases(words, (path, list) => `      "${path}") list="${list}"; break ;;`)}
      *" "*) path="\${path% *}" ;;
      *) path="" ;;
    esac
  done
  COMPREPLY=($(compgen -W "$list" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _athx athx`

const zsh = (words: Words) => `#compdef athx
autoload -U +X bashcompinit && bashcompinit
${bash(words)}`

const fish = (words: Words) =>
  [...words]
    .flatMap(([path, list]) => {
      const names = path.split(' ').filter((name) => name !== '')
      const when =
        names.length === 0
          ? '__fish_use_subcommand'
          : names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ')
      return list.map((word) =>
        word.startsWith('--')
          ? `complete -c athx -n '${when}' -l ${word.slice(2)}`
          : `complete -c athx -f -n '${when}' -a ${word}`,
      )
    })
    .join('\n')
