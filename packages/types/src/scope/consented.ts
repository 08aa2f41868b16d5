/**
 * What the upstream says the user consented to (C25): an absent `scope` means all that was asked (RFC 6749 §5.1),
 * an empty one means none. Split on spaces and commas: some providers answer with commas.
 */
export function consentedScopes(
  answered: string | undefined,
  asked: readonly string[],
): readonly string[] {
  if (answered === undefined) return [...asked]
  return [...new Set(answered.split(/[\s,]+/).filter((scope) => scope !== ''))]
}
