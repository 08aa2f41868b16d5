import { AthError } from '../ath-error.ts'
import { type CallInit, stepUpHeader, type StepUpSetting } from '../step-up.ts'
import {
  checkInput,
  isStandard,
  type ToldSchema,
  type ToolInput,
  toldSchema,
} from './input-schema.ts'
import { pathNames, planRequest, type RequestPlan } from './tool-request.ts'
import { readToolAnswer, type ToolAnswer, toldRefusal } from './tool-answer.ts'

/** Any session, of either handshake, or a whole `Connection`. */
export interface ToolSession {
  fetch(input: string, init?: CallInit): Promise<Response>
}

/** One call that a model may make, without a word about any framework. */
export interface ToolDefinition extends RequestPlan {
  /** For the model: what it does, and when to use it. */
  readonly description: string
  /** JSON Schema of an object, or a Zod 4 object. Default: what the path names, as text. */
  readonly input?: ToolInput | undefined
}

export interface ToolOptions {
  /**
   * How the user learns that a call waits for them. Default: as the session has it. With `refuse` the page is in the
   * result, for the model to show, and the same call made again goes through once the user has confirmed.
   */
  readonly onStepUp?: StepUpSetting | undefined
}

/** A tool that any framework can be given. */
export interface AthTool {
  readonly name: string
  readonly description: string
  readonly inputSchema: ToldSchema
  /** Of a Zod object: its fields. */
  readonly shape: object | undefined
  /** Never rejects for a refusal; only an aborted `signal` and a mistake in this package do. */
  call(args: unknown, options?: { readonly signal?: AbortSignal | undefined }): Promise<ToolAnswer>
}

const speakable = /^[A-Za-z0-9_-]{1,64}$/

/** Makes tools of calls. Throws `ARGUMENT_INVALID` for a name, path or schema that models could not use. */
export function defineTools(
  session: ToolSession,
  definitions: Readonly<Record<string, ToolDefinition>>,
  options: ToolOptions = {},
): readonly AthTool[] {
  return Object.entries(definitions).map(([name, definition]) => {
    if (!speakable.test(name))
      throw new AthError('ARGUMENT_INVALID', {
        message: `\`${name}\` is no name for a tool: letters, digits, _ and -, at most 64`,
      })
    return createTool(session, name, definition, options)
  })
}

function createTool(
  session: ToolSession,
  name: string,
  definition: ToolDefinition,
  { onStepUp }: ToolOptions,
): AthTool {
  const { description, input, path } = definition
  const told = toldSchema(name, input, pathNames(path))
  const waiting = new Map<string, { readonly id: string; readonly url: string }>()

  async function send(
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
  ): Promise<ToolAnswer> {
    const { path, init } = planRequest(definition, args)
    const call = JSON.stringify([path, init.body])
    const asked = waiting.get(call)
    const headers = new Headers(init.headers)
    if (asked) headers.set(stepUpHeader, asked.id)
    try {
      const response = await session.fetch(path, {
        ...init,
        headers,
        ...(onStepUp === undefined ? {} : { onStepUp }),
        ...(signal ? { signal } : {}),
      })
      const answer = await readToolAnswer(response, signal)
      waiting.delete(call)
      return answer
    } catch (error) {
      if (!(error instanceof AthError)) throw error
      if (error.code !== 'STEP_UP_REQUIRED') waiting.delete(call)
      else if (error.stepUp)
        waiting.set(call, { id: error.stepUp.id, url: error.stepUp.confirmUrl })
      const url = waiting.get(call)?.url
      return {
        ok: false,
        error: { ...toldRefusal(error), ...(url === undefined ? {} : { url, fix: showPage }) },
      }
    }
  }

  return {
    name,
    description,
    inputSchema: told,
    shape:
      input !== undefined && isStandard(input) && 'shape' in input
        ? Object(input.shape)
        : undefined,
    async call(args, { signal } = {}) {
      try {
        return await send(await checkInput(input, told, args ?? {}), signal)
      } catch (error) {
        if (!(error instanceof AthError)) throw error
        return { ok: false, error: toldRefusal(error) }
      }
    },
  }
}

const showPage = 'show the user this page; when they have confirmed, make the same call again'
