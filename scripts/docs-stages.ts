import { endpointStages } from '@ath-protocol/server'
import { proxyStory } from '@ath-protocol/server/parts'

/** `docs/reference/stages.md`: which stages each address passes, in order. */
export function renderStages(): string {
  const stages = [...proxyStory.names, 'record']
  const rows = Object.entries({
    'ANY /ath/proxy/{provider_id}/{path}': proxyStory.names,
    ...endpointStages,
  })
  return [
    '# Stages',
    '',
    'Every request passes the stages of its address, in the order of the numbers. `reached` in the audit record names the',
    'stage that decided. `record` comes last, always, however the request ended.',
    '',
    `| address | ${stages.join(' | ')} |`,
    `|---|${stages.map(() => ':-:').join('|')}|`,
    ...rows.map(([address, names]) => {
      const passed = [...names, 'record']
      const cells = stages.map((stage) =>
        passed.includes(stage) ? String(passed.indexOf(stage) + 1) : '',
      )
      return `| \`${address}\` | ${cells.join(' | ')} |`
    }),
    '',
  ].join('\n')
}
