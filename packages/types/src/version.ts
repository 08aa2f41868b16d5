/** The protocol version this package implements (R5, R6). */
export const athVersion = '0.1'
