import { AIMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'
import { lastWords, script } from './script.ts'

/** A model that follows the script: no key, no network. */
export const scriptedModel = script
  .reduce((model, { name, args }) => model.respondWithTools([{ name, args }]), fakeModel())
  .respond(new AIMessage(lastWords))
