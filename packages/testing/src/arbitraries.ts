import fc from 'fast-check'

/** Any scope that RFC 6749 §3.3 allows, up to 128 characters. */
export const scopeArbitrary = (): fc.Arbitrary<string> =>
  fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,24}$/)

/** Lists over few scopes, with repeats, so that three of them often overlap. */
export const scopeListArbitrary = (): fc.Arbitrary<string[]> =>
  fc.array(
    fc.oneof(
      fc.constantFrom('read', 'write', 'mail:read', 'finance:export', '__proto__', 'constructor'),
      scopeArbitrary(),
    ),
    { maxLength: 8 },
  )

/** Text with whatever breaks headers, JSON, HTML and terminals. */
export const hostileTextArbitrary = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(
        fc.constantFrom(
          '\r\n',
          '\n',
          '\0',
          '"',
          '\\',
          ', ',
          'Bearer',
          '<b>',
          '\u202e',
          '\ud800',
          'x',
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join('')),
  )
