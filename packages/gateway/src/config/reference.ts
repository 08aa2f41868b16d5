import { fileSchema, type SchemaNode } from './json-schema.ts'

/** The page `docs/reference/config.md`: every key with type, default, meaning and example. Generated, never edited. */
export function renderConfigReference(): string {
  const sections = Object.entries(fileSchema.properties ?? {}).map(([key, node]) =>
    renderSection(key, node, fileSchema.required?.includes(key) === true),
  )
  return `${introduction}\n${sections.join('\n')}`
}

const introduction = `# Configuration

<!-- Generated from packages/gateway/src/config/schema.ts by \`npm run docs\`. -->

Sallyport reads one YAML file: \`--config\`, else \`SALLYPORT_CONFIG\`, else \`sallyport.yaml\` in the current folder.
A safe configuration for one system:

\`\`\`yaml
# yaml-language-server: $schema=./sallyport.schema.json
version: 1
gateway: { url: https://gw.corp.example }
login: { issuer: https://idp.corp.example, client_id: sallyport, client_secret: "\${file:/run/secrets/idp}" }
agents:
  - { agent: "https://office-agent.example.com/*", allow: { oa: [oa:read] } }
providers:
  oa:
    url: http://10.0.4.12:8080
    auth: { kind: none }
    scopes:
      oa:read: [GET /api/**]
\`\`\`

- \`sallyport check\` says what is wrong, with file, line, column and what to write instead, and shows who reaches what.
- \`sallyport schema > sallyport.schema.json\` gives editors completion and checks while typing.
- Unknown keys, keys given twice, YAML anchors, aliases and tags are refused.
- Text values take \`\${NAME}\` and \`\${NAME:-default}\` from the environment and \`\${file:/path}\` from a file (one final
  newline is dropped; a relative path begins at the configuration's folder). \`$\${\` is a plain \`\${\`. Something missing
  is an error. Values that came this way are never printed.
- Durations are a number and \`s\`, \`m\`, \`h\` or \`d\`; sizes a number and \`B\`, \`KiB\`, \`MiB\` or \`GiB\`; rates
  \`30/minute\`, \`10/second\`, \`100/hour\` or \`none\`.
- \`sallyport dev\` takes permissive settings and lists them; \`sallyport start\` refuses them.
`

function renderSection(key: string, node: SchemaNode, isRequired: boolean): string {
  const rows = renderRows(key, node, isRequired)
  return `## \`${key}\`

${node.description ?? ''}

| key | type | default | meaning | example |
|---|---|---|---|---|
${rows.join('\n')}
`
}

/** One row for a value; for a mapping one row for each key below it, however deep. */
function renderRows(path: string, node: SchemaNode, isRequired: boolean): readonly string[] {
  const branches = node.oneOf ?? node.anyOf
  if (branches?.some((branch) => branch.properties)) {
    const own = renderRow(path, node, isRequired)
    return [own, ...branches.flatMap((branch) => renderBranch(path, branch))]
  }
  if (node.properties) return renderProperties(path, node)
  const below = node.additionalProperties
  if (typeof below === 'object' && (below.properties || below.anyOf)) {
    const name = `${path}.<${node.propertyNames?.title === 'scope' ? 'scope' : 'id'}>`
    return below.properties ? renderProperties(name, below) : renderRows(name, below, false)
  }
  if (node.items?.properties) return renderProperties(`${path}[]`, node.items)
  if (node.items?.oneOf)
    return [
      renderRow(path, node, isRequired),
      ...node.items.oneOf.flatMap((branch) => renderBranch(`${path}[]`, branch)),
    ]
  return [renderRow(path, node, isRequired)]
}

function renderProperties(path: string, node: SchemaNode): readonly string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    renderRows(`${path}.${key}`, child, node.required?.includes(key) === true),
  )
}

/** A branch is named by its kind, where it has one. */
function renderBranch(path: string, branch: SchemaNode): readonly string[] {
  if (!branch.properties) return []
  const kind = branch.properties['kind']?.const
  if (typeof kind !== 'string') return renderProperties(path, branch)
  const { kind: _kind, ...rest } = branch.properties
  return [
    row(`${path} { kind: ${kind} }`, '', '', branch.description ?? '', ''),
    ...renderProperties(`${path} { kind: ${kind} }`, { ...branch, properties: rest }),
  ]
}

function renderRow(path: string, node: SchemaNode, isRequired: boolean): string {
  const preset = isRequired
    ? 'required'
    : node.default === undefined
      ? '–'
      : code(writeYaml(node.default))
  return row(path, typeName(node), preset, node.description ?? '', code(example(path, node)))
}

function row(key: string, type: string, preset: string, meaning: string, sample: string): string {
  return `| ${[code(key), type, preset, meaning, sample].map(cell).join(' | ')} |`
}

function typeName(node: SchemaNode): string {
  if (node.const !== undefined) return code(writeYaml(node.const))
  if (node.enum) return node.enum.map((value) => code(String(value))).join(', ')
  if (node.range !== undefined) return `${node.title ?? 'value'}, ${node.range}`
  if (node.title !== undefined) return node.title
  if (node.items) return `list of ${typeName(node.items)}`
  if (node.anyOf ?? node.oneOf)
    return [...new Set((node.anyOf ?? node.oneOf ?? []).map(typeName))].join(' or ')
  if (typeof node.additionalProperties === 'object')
    return `${node.propertyNames?.title ?? 'name'} → ${typeName(node.additionalProperties)}`
  return node.type === 'object' ? 'mapping' : 'text'
}

const samples: Readonly<Record<string, string>> = {
  duration: '10m',
  size: '64MiB',
  rate: '30/minute',
  URL: 'https://corp.example',
  header: 'X-API-Key',
  network: '10.0.0.0/8',
  scope: 'oa:read',
  number: '100',
  'true/false': 'true',
}

/** What a line with this key looks like. */
function example(path: string, node: SchemaNode): string {
  const key = path.split('.').at(-1)?.replace(/ \{.*/, '') ?? path
  return `${key}: ${sample(node)}`
}

function sample(node: SchemaNode): string {
  const [given] = node.examples ?? []
  if (node.const !== undefined) return writeYaml(node.const)
  if (node.enum) return String(node.enum.at(-1))
  if (node.default !== undefined && !isEmpty(node.default)) return writeYaml(node.default)
  if (given !== undefined) return writeYaml(given)
  if (node.title !== undefined && samples[node.title] !== undefined)
    return samples[node.title] as string
  if (node.items) return `[${sample(node.items)}]`
  const [branch] = node.anyOf ?? node.oneOf ?? []
  if (branch) return sample(branch)
  if (node.properties)
    return `{ ${Object.entries(node.properties)
      .filter(([key]) => node.required?.includes(key))
      .map(([key, child]) => `${key}: ${sample(child)}`)
      .join(', ')} }`
  if (typeof node.additionalProperties === 'object')
    return `{ ${writeYaml(node.propertyNames?.examples?.[0] ?? 'oa')}: ${sample(node.additionalProperties)} }`
  return '…'
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function writeYaml(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '""' : value
  if (Array.isArray(value)) return `[${value.map(writeYaml).join(', ')}]`
  return JSON.stringify(value)
}

const code = (text: string) => (text === '' ? '' : `\`${text}\``)
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
