import { tokenText } from '../subjects/gateway.ts'
import type { Subject } from '../subjects/subject.ts'

/** What a generator needs to know to make requests. It reaches it through stdin or the environment, never argv. */
export interface Target {
  readonly port: number
  readonly path: string
  readonly tokenPrefix: string
  /** Requests go through that many tokens in turn. */
  readonly tokens: number
  readonly agentId: string
}

export function targetOf({ port, prefix, credentials }: Subject, path: string): Target {
  return { port, path: prefix + path, ...credentials }
}

/** The head of a request, with its empty line, for the token of this index. */
export function writeHead(target: Target, index: number, more = '', method = 'GET'): string {
  return (
    `${method} ${target.path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n` +
    `Authorization: Bearer ${tokenText(target.tokenPrefix, index % target.tokens)}\r\n` +
    `X-ATH-Agent-ID: ${target.agentId}\r\nAccept: */*\r\nUser-Agent: bench\r\n${more}\r\n`
  )
}
