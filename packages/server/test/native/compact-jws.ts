/** A compact JWS as somebody could make it up; nobody signed it. */
export function compactJws(header: object, payload: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(payload)}.${'A'.repeat(86)}`
}
