import { test } from 'node:test'
import { checkAgentProgram } from '../check/agent-program.ts'

test('an agent made with the Claude Agent SDK shops for a person, and is told what it may not do', (t) =>
  checkAgentProgram(t, import.meta.dirname))
