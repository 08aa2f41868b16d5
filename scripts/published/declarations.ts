import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a declaration file imports: `from '…'`, `import '…'` and `import('…')`. */
const specifier = /(?:\bfrom\s+|\bimport\s+|\bimport\()(['"])(?<name>[^'"\n]+)\1/g

/** The declaration file that a relative import of another one means. */
const targetOf = (file: string, name: string) =>
  join(dirname(file), name.replace(/(?:\.d)?\.[jt]s$/, '.d.ts'))

/** The declaration files that a program can come to see through these ones, themselves included. */
export function reachableDeclarations(entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const waiting = [...entries]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue
    if (!existsSync(file)) throw new Error(`${file} is missing: an entry point or a type names it`)
    found.add(file)
    for (const { groups } of readFileSync(file, 'utf8').matchAll(specifier))
      if (groups?.['name']?.startsWith('.')) waiting.push(targetOf(file, groups['name']))
  }
  return found
}

const statement =
  /^(?<what>import|export) (?:type )?(?<names>[^;]*?) from (?<quoted>(['"])(?<name>[^.'"][^'"]*)\4);$/gm
const importType = /\bimport\((?<quoted>(['"])(?<name>[^.'"][^'"]*)\2)\)/g
const asEsModule = "{ 'resolution-mode': 'import' }"

/**
 * A declaration file as CommonJS: types of packages that are ES modules only are asked for as such, which TypeScript
 * otherwise refuses in a CommonJS file.
 */
export const asCommonJs = (text: string, isEsModuleOnly: (name: string) => boolean): string =>
  text
    .replace(
      statement,
      (whole, what: string, names: string, quoted: string, _: string, name: string) =>
        isEsModuleOnly(name)
          ? `${what} type ${names.replace(/\btype (?=\w)/g, '')} from ${quoted} with ${asEsModule};`
          : whole,
    )
    .replace(importType, (whole, quoted: string, _: string, name: string) =>
      isEsModuleOnly(name) ? `import(${quoted}, { with: ${asEsModule} })` : whole,
    )
