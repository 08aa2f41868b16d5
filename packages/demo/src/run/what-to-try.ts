import type { Places } from '../steps/stage.ts'
import type { Language } from './arguments.ts'
import { padCells } from './width.ts'

/** For whoever stays: what is running, and what can be asked of it. */
export function whatToTry(
  { world, gateway: { url: gatewayUrl }, shop }: Places,
  configFile: string,
  lang: Language,
): readonly string[] {
  const zh = lang === 'zh'
  const line = (what: string, how: string) => `   ${padCells(what, 12)} ${how}`
  return [
    '',
    zh ? '   一切仍在运行，按 Ctrl-C 结束' : '   Everything keeps running. Ctrl-C to stop.',
    '',
    line(zh ? '网关' : 'gateway', `curl -s ${gatewayUrl}/.well-known/ath.json`),
    line(zh ? '拒绝' : 'refused', `curl -i ${gatewayUrl}/ath/proxy/oa/api/approval/list`),
    line(zh ? '商店' : 'shop', `${shop.url}   (wang / wang)`),
    line(zh ? '商店的授权' : 'at the shop', `${shop.url}/ath/me`),
    line(zh ? '我的授权' : 'your grants', `${gatewayUrl}/me   (wang / wang)`),
    line(zh ? '智能体' : 'agents', `npm run sallyport -- agents list --config ${configFile}`),
    line(zh ? '审计' : 'audit', `npm run sallyport -- audit tail --config ${configFile}`),
    line(zh ? '飞书' : 'Feishu', world.chats.feishu.origin),
    line('Slack', world.chats.slack.origin),
    line('OA', world.oa.url),
    line('CRM', world.crm.url),
    line(zh ? '财务' : 'finance', world.finance.url),
    line(zh ? '身份提供方' : 'accounts', `${world.idp.issuer}/.well-known/openid-configuration`),
  ]
}
