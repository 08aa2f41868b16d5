/** Sentences about passkeys. */
export const enPasskey = {
  'passkey.no_script':
    'This step needs JavaScript, since only it can ask your device for a passkey. Turn it on for this site and open the page again.',
  'passkey.unsupported':
    'This browser has no passkeys. Open this page in a current browser, on a device with a fingerprint, face or PIN sign-in.',
  'passkey.cancelled':
    'You cancelled, or it took too long. Nothing was changed. Press the button to try again.',
  'passkey.failed': 'Your device could not do this. Press the button to try again.',
  'passkey.known': 'This device already has one of your passkeys. There is nothing to add.',
  'passkey.elsewhere':
    'Passkeys do not work at this address: they belong to {host}. Open this page again with {host} in its address.',
  'passkey.waiting': 'Waiting for your device …',

  'passkeys.title': 'Passkeys',
  'passkeys.intro':
    'A passkey confirms with your finger, your face or your PIN that it is really you. Important questions need one.',
  'passkeys.needs_name':
    'This gateway is reached by a number, and passkeys need a name such as gateway.example.com. Ask your administrator.',
  'passkeys.none': 'You have no passkey yet.',
  'passkeys.added_on': 'added {instant}',
  'passkeys.used_on': 'last used {instant}',
  'passkeys.never_used': 'not used yet',
  'passkeys.remove': 'Remove',
  'passkeys.remove_label': 'Remove the passkey {label}',
  'passkeys.add_title': 'Add a passkey',
  'passkeys.label': 'Name, to tell it from others',
  'passkeys.usual_label': 'Passkey of {date}',
  'passkeys.add': 'Add a passkey',
  'passkeys.full':
    'You have {count} passkeys, which is as many as there can be. Remove one to add another.',
  'passkeys.added': 'Added. From now on you can confirm with it.',
  'passkeys.removed': 'Removed. It confirms nothing any more.',
  'passkeys.not_added': 'That was not a passkey we can take. Nothing was added. Try again.',
  'passkeys.nothing_sent': 'Your browser sent no passkey. Nothing was added.',
} as const
