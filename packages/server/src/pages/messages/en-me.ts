/** Sentences of a person's own pages. */
export const enMe = {
  'me.pages': 'Your pages',
  'me.stale':
    'To add a way of showing that it is you, first sign in again: your sign-in is older than ten minutes.',
  'me.sign_in_again': 'Sign in again',
  'me.waiting': 'Waiting for your answer',
  'me.asks': '{agent} asks for a permission',
  'me.answer_within': 'You can answer for another {duration}.',
  'me.answer': 'Look and answer',

  'answers.title': 'Answers',
  'answers.intro': 'Your last answers, newest first, at most {count}.',
  'answers.none': 'You have not answered a question yet.',
  'answers.allowed': 'You allowed {agent}, for {duration}',
  'answers.denied': 'You said no to {agent}',
  'answers.when': '{instant}, {how}',
  'answers.by_session': 'signed in on this site',
  'answers.by_passkey': 'confirmed with a passkey',
  'answers.by_key': 'signed with a key of yours',
  'answers.by_chat': 'answered in a chat',

  'keys.title': 'Keys',
  'keys.intro':
    'With a key of your own, your programs (such as athx) show your questions, answer them and allow agents ahead of time, in your name. Add only keys that you made yourself.',
  'keys.none': 'You have no key here. You do not need one to use these pages.',
  'keys.since': 'added {instant}',
  'keys.remove': 'Remove',
  'keys.remove_label': 'Remove the key {label}',
  'keys.removed':
    'Removed. Nothing that it signed opens anything any more, and what it had opened has ended.',
  'keys.added': 'Added. Programs that hold this key now act in your name.',
  'keys.add_title': 'Add a key',
  'keys.label': 'Name, to tell it from others',
  'keys.key': 'Public key (PEM or JWK; P-256 or Ed25519)',
  'keys.add': 'Add this key',
  'keys.fingerprint': 'Fingerprint',
  'keys.offered_title': 'Add this key?',
  'keys.offered_text': 'A program on your computer asks to act in your name with this key.',
  'keys.offered_warning':
    'Add it only if you just started this yourself and your terminal shows the same fingerprint. Whoever has the key can answer questions as you.',
  'keys.not_mine': 'Do not add',
  'keys.problem_unreadable':
    'This is not a public key that we can read. Paste the whole PEM block or the JWK, P-256 or Ed25519.',
  'keys.problem_private':
    'This is a private key. Do not paste it anywhere: make a new key pair, and add only its public half.',
  'keys.problem_label': 'The key needs a name: one line of at most 60 characters.',
  'keys.problem_known': 'This key is registered already. Every key belongs to one person.',
  'keys.problem_full': 'You have as many keys as there can be. Remove one first.',

  'ahead.title': 'Ahead of time',
  'ahead.intro':
    'You can allow an agent something before it asks. You get a text to give to that agent; only it can use it.',
  'ahead.none': 'You have allowed nothing ahead of time.',
  'ahead.give': 'Allow an agent ahead of time',
  'ahead.agent': 'Agent',
  'ahead.agent_none': 'Choose an agent …',
  'ahead.other_agent': 'An agent that is not in the list',
  'ahead.did': 'Its DID',
  'ahead.key': 'Its public key (PEM or JWK)',
  'ahead.key_hint': 'Only needed where the DID does not say the key itself.',
  'ahead.scopes': 'What it may do',
  'ahead.lifetime': 'For how long',
  'ahead.one_time': 'For one time only',
  'ahead.still_asked':
    'When the agent comes with it, you may still be asked before anything opens.',
  'ahead.make': 'Allow',
  'ahead.made_title': 'Allowed ahead of time',
  'ahead.made_text': 'Copy this text now and give it to the agent. It is not shown again.',
  'ahead.credential': 'Credential',
  'ahead.made_next':
    'Only the agent you chose can use it. You can take it back on the page before; what the agent opened with it then ends too.',
  'ahead.back': 'Back to the list',
  'ahead.status_live': 'counts',
  'ahead.status_used': 'used',
  'ahead.status_expired': 'expired',
  'ahead.status_revoked': 'taken back',
  'ahead.tag_once': 'one time',
  'ahead.made_by_gateway': 'made here',
  'ahead.made_by_user': 'signed with your key',
  'ahead.revoke': 'Take back',
  'ahead.revoke_label': 'Take back what you allowed {agent}',
  'ahead.revoked': 'Taken back. What was opened with it has ended.',
  'ahead.problem_agent':
    'Choose an agent from the list, or enter its DID. A DID begins with “did:”.',
  'ahead.problem_scopes': 'Nothing is ticked. Tick what the agent may do.',
  'ahead.problem_key':
    'The key does not fit this agent, or is missing. Ask the agent’s developer for its public key.',
  'ahead.problem_full':
    'You have allowed as much ahead of time as there can be. Take something back first.',
} as const
