/** Checks servers of ATH 0.1 from outside. Most people run the command; this is for whoever runs it from a program. */
export { type Io, runCommand } from './command.ts'
export type { Surroundings } from './prepare.ts'
export type { Handshake, Level, Row } from './rows/row.ts'
export { rows } from './rows/rows.ts'
