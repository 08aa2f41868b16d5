/** Counts the answers that arrive on one connection. Only for answers with a Content-Length, which all short ones have. */
export interface AnswerReader {
  /** How many answers end in this chunk. Throws at a status other than 200, and at what it cannot read. */
  read(chunk: Buffer): number
}

const endOfHead = '\r\n\r\n'

export function createAnswerReader(): AnswerReader {
  let head = ''
  let bodyLeft = 0
  return {
    read(chunk) {
      let ended = 0
      let at = 0
      while (at < chunk.length) {
        if (bodyLeft > 0) {
          const taken = Math.min(bodyLeft, chunk.length - at)
          bodyLeft -= taken
          at += taken
          if (bodyLeft === 0) ended++
          continue
        }
        const before = head.length
        head += chunk.toString('latin1', at)
        const end = head.indexOf(endOfHead)
        if (end === -1) break
        at += end + endOfHead.length - before
        bodyLeft = bodyLength(head.slice(0, end + 2))
        head = ''
        if (bodyLeft === 0) ended++
      }
      return ended
    },
  }
}

function bodyLength(head: string): number {
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`not the expected answer:\n${head}`)
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`an answer without Content-Length:\n${head}`)
  return Number(length)
}
