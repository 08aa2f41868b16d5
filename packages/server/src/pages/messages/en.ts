import { enConsent } from './en-consent.ts'
import { enMe } from './en-me.ts'
import { enPasskey } from './en-passkey.ts'

/** Every sentence that people read on the gateway's own pages. `{name}` is filled in. */
export const en = {
  'page.language': '中文',
  'page.main': 'Go to the content',
  'page.dev_banner':
    'Development log-in: everybody who opens this page is {user}. Not for production.',
  'page.my_agents': 'My agents',

  ...enConsent,

  'notice.the_agent': 'The agent',
  'done.title': 'Done',
  'done.text': '{agent} may now do what you allowed.',
  'done.next':
    'You can close this page. Under “My agents” you see what you allowed, and can end it.',
  'denied.title': 'You said no',
  'denied.text': '{agent} did not get access.',
  'denied.next': 'There is nothing more to do. You can close this page.',
  'expired.title': 'This question has expired',
  'expired.text': 'Nobody answered in time, so nothing was allowed.',
  'expired.next': 'If you still want it, start again where you work with the agent.',
  'wrong_browser.title': 'This began in another browser',
  'wrong_browser.text':
    'For your safety a question can only be answered in the browser that opened it. Nothing was allowed.',
  'wrong_browser.next':
    'Go back to that browser. If somebody sent you this link, do not use it: ask them why.',
  'other_user.title': 'This question is for somebody else',
  'other_user.text': 'You are signed in as a different person than the one who was asked.',
  'other_user.next': 'If it was you who was asked, sign in with that account.',
  'upstream_failed.title': 'The service could not complete this',
  'upstream_failed.text': 'Its sign-in answered with an error, so nothing was allowed.',
  'upstream_failed.next':
    'Try again in a few minutes where you work with the agent. If it stays so, tell your administrator.',
  'unknown.title': 'There is no open question here',
  'unknown.text': 'The link is wrong, was used already, or is too old.',
  'unknown.next': 'Start again where you work with the agent.',
  'hand_over.title': 'One more step',
  'hand_over.text': 'You are being taken to {host}.',
  'hand_over.link': 'Continue',

  'signed_out.title': 'You are signed out',
  'signed_out.text': 'This browser is no longer signed in here.',
  'signed_out.next': 'To go on, sign in.',
  'signed_out.link': 'Sign in',
  'signed_out.other': 'Sign in with another account',
  'session_over.title': 'Please sign in again',
  'session_over.text': 'Your sign-in ended before your answer arrived. Nothing was decided.',
  'session_over.next': 'Sign in, and the question is shown again.',
  'forged.title': 'That did not come from our page',
  'forged.text': 'The form was out of date, or another site sent it. Nothing was changed.',
  'forged.next': 'Open the page again and repeat what you did.',
  'login_over.title': 'This sign-in is over',
  'login_over.text': 'It took too long, or it was finished already.',
  'login_over.next': 'Start the sign-in again.',
  'login_other_browser.title': 'This sign-in began in another browser',
  'login_other_browser.text': 'It can only be finished where it began. You are not signed in here.',
  'login_other_browser.next': 'If somebody sent you this link, do not use it.',
  'login_refused.title': 'You are not signed in',
  'login_refused.text': 'The sign-in was cancelled, or your company’s sign-in refused it.',
  'login_refused.next': 'Try again, or ask your administrator for access.',
  'login_failed.title': 'The sign-in did not work',
  'login_failed.text': 'Your company’s sign-in gave an answer that we cannot accept.',
  'login_failed.next': 'Try again. If it stays so, tell your administrator.',
  'login_down.title': 'Sign-in cannot be reached',
  'login_down.text': 'Your company’s sign-in does not answer at the moment.',
  'login_down.next': 'Try again in a minute. If it stays so, tell your administrator.',
  'login_limited.title': 'Too many attempts',
  'login_limited.text': 'There were too many sign-ins from your network.',
  'login_limited.next': 'Wait {duration}, then try again.',

  'me.title': 'My agents',
  'me.signed_in': 'Signed in as {user}',
  'me.sign_out': 'Sign out',
  'me.none': 'No agent may act for you at the moment.',
  'me.provider': 'at {provider}',
  'me.since': 'since {instant}',
  'me.until': 'until {instant}',
  'me.revoke': 'Revoke',
  'me.revoke_label': 'Revoke what {agent} may do at {provider}',
  'me.revoked': 'Revoked. The agent’s next call is refused.',

  ...enMe,
  ...enPasskey,
} as const

export type MessageKey = keyof typeof en
