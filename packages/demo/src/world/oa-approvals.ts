export interface Approval {
  readonly id: string
  state: string
  readonly title: string
  readonly applicant: string
  readonly amountCny: string
}

export interface ApprovalPage {
  readonly page: number
  readonly total: number
  readonly items: readonly Approval[]
}

const pageSize = 2

export function firstApprovals(): Approval[] {
  const row = (id: string, state: string, title: string, applicant: string, amountCny: string) => ({
    id,
    state,
    title,
    applicant,
    amountCny,
  })
  return [
    row('A-2041', 'open', '差旅报销：青岛 <-> 上海', '王晓', '3180.50'),
    row('A-2042', 'urgent', '采购 "防水" 文件柜 & 标签', '李敏', '12600.00'),
    row('A-2043', 'closed', '年会场地', '陈刚', '48000.00'),
    row('A-2044', 'open', '笔记本电脑维修', '周宁', '890.00'),
  ]
}

/** `state` may be repeated, any of them fits; `page` counts from 1. */
export function findApprovals(
  approvals: readonly Approval[],
  query: URLSearchParams,
): ApprovalPage {
  const states = query.getAll('state')
  const found = approvals.filter(({ state }) => states.length === 0 || states.includes(state))
  const page = Math.max(1, Number(query.get('page') ?? '1') || 1)
  return {
    page,
    total: found.length,
    items: found.slice((page - 1) * pageSize, page * pageSize),
  }
}

/** As the old system writes it: CRLF, a tab here and there, a comment, and no newline at the end. */
export function renderApprovals({ page, total, items }: ApprovalPage): string {
  const lines = items.map(
    ({ id, state, title, applicant, amountCny }) =>
      `\t<approval id="${id}" state="${state}">\r\n` +
      `\t\t<title>${escapeXml(title)}</title>\r\n` +
      `\t\t<applicant>${escapeXml(applicant)}</applicant>\r\n` +
      `\t\t<amount currency="CNY">${amountCny}</amount>  \r\n` +
      '\t</approval>\r\n',
  )
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- 蓝港公司 OA 3.2 -->\r\n' +
    `<approvals page="${page}" total="${total}">\r\n${lines.join('')}</approvals>`
  )
}

export const renderDelegation = (to: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\r\n<delegation><to>${escapeXml(to)}</to></delegation>`

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
