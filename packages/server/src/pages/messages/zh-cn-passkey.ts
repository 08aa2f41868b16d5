import type { enPasskey } from './en-passkey.ts'

export const zhCnPasskey: Readonly<Record<keyof typeof enPasskey, string>> = {
  'passkey.no_script':
    '这一步需要 JavaScript，只有它能向您的设备请求通行密钥。请为本站启用后重新打开页面。',
  'passkey.unsupported':
    '此浏览器不支持通行密钥。请在支持指纹、面容或 PIN 登录的设备上，用较新的浏览器打开此页面。',
  'passkey.cancelled': '您取消了操作，或等待时间过长。没有任何更改。请按按钮重试。',
  'passkey.failed': '您的设备无法完成此操作。请按按钮重试。',
  'passkey.known': '此设备上已有您的通行密钥，无需再添加。',
  'passkey.elsewhere':
    '通行密钥不能在此地址使用：它们属于 {host}。请在地址中使用 {host} 重新打开此页面。',
  'passkey.waiting': '正在等待您的设备……',

  'passkeys.title': '通行密钥',
  'passkeys.intro': '通行密钥用您的指纹、面容或 PIN 确认确实是您本人。重要的问题需要用它确认。',
  'passkeys.needs_name':
    '此网关通过数字地址访问，而通行密钥需要名称，例如 gateway.example.com。请联系管理员。',
  'passkeys.none': '您还没有通行密钥。',
  'passkeys.added_on': '添加于 {instant}',
  'passkeys.used_on': '上次使用于 {instant}',
  'passkeys.never_used': '尚未使用',
  'passkeys.remove': '移除',
  'passkeys.remove_label': '移除通行密钥 {label}',
  'passkeys.add_title': '添加通行密钥',
  'passkeys.label': '名称，便于区分',
  'passkeys.usual_label': '{date} 的通行密钥',
  'passkeys.add': '添加通行密钥',
  'passkeys.full': '您已有 {count} 个通行密钥，已达上限。如要添加，请先移除一个。',
  'passkeys.added': '已添加。现在起您可以用它确认。',
  'passkeys.removed': '已移除。它不再能确认任何事情。',
  'passkeys.not_added': '这不是可以接受的通行密钥。没有添加。请重试。',
  'passkeys.nothing_sent': '您的浏览器没有发送通行密钥。没有添加。',
}
