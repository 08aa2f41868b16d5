import type { AgentClient } from '@ath-protocol/server'

/** What a form needs to ask who somebody is. */
export interface LoginQuestion {
  readonly action: string
  readonly clientName: string
  readonly wrong: boolean
}

/** What a form needs to ask whether a client may have scopes. */
export interface ConsentQuestion {
  readonly action: string
  readonly clientName: string
  /** Where the client said that it is one. */
  readonly agent: AgentClient | undefined
  readonly personName: string
  readonly scopes: readonly { readonly name: string; readonly description: string }[]
}

const style = `body{font:16px/1.5 system-ui,sans-serif;background:#eef2f5;color:#17212b;margin:0;padding:2rem 1rem}
main{max-width:24rem;margin:auto;background:#fff;border-radius:.75rem;padding:1.5rem 1.75rem;box-shadow:0 1px 4px #0002}
h1{font-size:1.25rem;margin:.25rem 0 1rem}p.house{color:#3d6a8a;margin:0;font-size:.875rem}
label{display:block;margin:.75rem 0}label.row{display:flex;gap:.6rem;align-items:baseline}
input[type=text],input[type=password]{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #9fb2c1;border-radius:.4rem}
small{color:#52616d;display:block}p.wrong,span.wrong{color:#a3231b}div.buttons{display:flex;gap:.75rem;margin-top:1.25rem}
button{flex:1;font:inherit;padding:.6rem;border-radius:.4rem;border:1px solid #1d5a86;background:#fff;color:#1d5a86;cursor:pointer}
button.yes{background:#1d5a86;color:#fff}`

export function loginPage({ action, clientName, wrong }: LoginQuestion): string {
  return page(
    'Sign in 登录',
    `<h1>Sign in 登录</h1><p>to continue to <b>${escapeHtml(clientName)}</b></p>
${wrong ? '<p class="wrong" role="alert">Name or password is wrong. 用户名或密码错误。</p>' : ''}
<form method="post" action="${escapeHtml(action)}">
<label>Name 用户名<input type="text" name="login" autocomplete="username" required autofocus></label>
<label>Password 密码<input type="password" name="password" autocomplete="current-password" required></label>
<div class="buttons"><button class="yes" name="answer" value="login">Sign in 登录</button></div></form>
<p><small>Demo: wang, li, chen or zhou; the password is the name.</small></p>`,
  )
}

export function consentPage(question: ConsentQuestion): string {
  const { action, clientName, agent, personName, scopes } = question
  const rows = scopes
    .map(
      ({ name, description }) =>
        `<label class="row"><input type="checkbox" name="scope" value="${escapeHtml(name)}" checked>` +
        `<span><b>${escapeHtml(name)}</b><small>${escapeHtml(description)}</small></span></label>`,
    )
    .join('\n')
  return page(
    'Allow access 授权',
    `<h1>${escapeHtml(clientName)}</h1>
${agent ? agentLines(agent) : ''}<p>wants to act as <b>${escapeHtml(personName)}</b> 想以您的名义:</p>
<form method="post" action="${escapeHtml(action)}">${rows}
<div class="buttons"><button name="answer" value="deny">Deny 拒绝</button>
<button class="yes" name="answer" value="allow">Allow 允许</button></div></form>`,
  )
}

function agentLines({ agentId, type, proven }: AgentClient): string {
  return `<p>AI agent 智能体 (${escapeHtml(type)}), ${
    proven
      ? 'name proven by its key 名称已由其密钥证实'
      : '<span class="wrong">name not proven 名称未经证实</span>'
  }<small>${escapeHtml(agentId)}</small></p>
`
}

export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>${style}</style>
<main><p class="house">Blue Harbour Co. 蓝港公司 · accounts</p>${body}</main></html>`
}

function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (character) =>
      ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[character] ?? '',
  )
}
