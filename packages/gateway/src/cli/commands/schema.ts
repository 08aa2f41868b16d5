import type { Command } from 'commander'
import { configJsonSchema } from '../../config/json-schema.ts'
import { addCommand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { Act } from '../program.ts'

export function addSchemaCommand(program: Command, act: Act): void {
  addCommand(program, {
    usage: 'schema',
    summary: 'print the JSON Schema of the configuration file',
    examples: [
      ['sallyport schema > sallyport.schema.json', 'for editors: complete and check while typing'],
      ['sallyport schema | jq .properties.providers', 'one part of it'],
      ['sallyport schema | jq -r .title', 'its title'],
    ],
    next: 'put `# yaml-language-server: $schema=./sallyport.schema.json` on top of sallyport.yaml',
  }).action(
    act(({ terminal }) => {
      terminal.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
      return exitCode.ok
    }),
  )
}
