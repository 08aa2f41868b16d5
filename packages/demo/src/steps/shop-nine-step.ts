import { createUserClient } from '@ath-protocol/client/person'
import { handshake, readHandshakeKey } from '@ath-protocol/client/nine-step'
import { expectAll, type Step } from '../run/step.ts'
import { createKeyPair } from '../world/did-agent.ts'
import { untilKnown } from './nine-step.ts'
import { shopId } from './shop-scene.ts'
import type { Stage } from './stage.ts'

const scopes = ['products:read', 'cart:write']
const hourSeconds = 3600
const qualify = (scope: string) => `${shopId}:${scope}`

export const shopInNineSteps: Step<Stage> = {
  name: 'shop_nine_step',
  title: { en: 'the shop by the nine steps', zh: '商店：九步握手' },
  expected: 'products:read cart:write, added by the DID',
  async run({ shop, person, world, secrets, text }) {
    const { url } = shop.doors
    const agent = world.didAgents.office
    const { server_did: serverDid = '' } = await shop.assistant.discover()
    const program = await createUserClient({ service: url, key: await createKeyPair() })
    await person.add(program.registrationUrl('my program'))
    await untilKnown(() => program.inbox())
    const { publicKey } = await readHandshakeKey(agent.key)
    const { credential } = await program.sign({
      agentDid: agent.did,
      agentThumbprint: publicKey.thumbprint,
      serverDid,
      // Wang's key may sign for several services: what it allows says where.
      scopes: scopes.map(qualify),
      lifetimeSeconds: hourSeconds,
    })
    secrets.add(credential)
    const pending = Promise.withResolvers<unknown>()
    const opening = handshake({
      service: url,
      serverDid,
      did: agent.did,
      key: agent.key,
      scopes,
      ttl: hourSeconds,
      context: '补充办公用品 restock the office',
      credential,
      timeoutSeconds: 10,
      callTimeoutSeconds: 15,
      onPending: pending.resolve,
    })
    opening.catch(pending.reject)
    await pending.promise
    await person.review(
      `${url}/ath/me`,
      { approve: true },
      text({ en: 'Look and answer', zh: '查看并回答' }),
    )
    const session = await opening
    secrets.add(session.accessToken)
    const cart = await session.api<Cart>('POST', '/cart/items', { product_id: 'laoshan-tea' })
    const by = cart.items.find(({ id }) => id === 'laoshan-tea')?.added_by
    await session.end()
    return expectAll(
      `${session.scopesGranted.map(unqualify).join(' ')}, added by ${by?.agent_id === agent.did ? 'the DID' : by?.agent_id}`,
      {
        'both are granted': session.scopesGranted.join(' ') === scopes.map(qualify).join(' '),
        'the shop knows its name': by?.name === agent.name,
      },
      [
        text({
          en: `${agent.did} at ${serverDid}: wang saw the question on her page at the shop`,
          zh: `${agent.did} 与 ${serverDid}：wang 在商店的个人页面看到请求`,
        }),
      ],
    )
  },
}

const unqualify = (scope: string) => scope.replace(`${shopId}:`, '')

interface Cart {
  readonly items: readonly {
    readonly id: string
    readonly added_by: { readonly agent_id?: string; readonly name?: string }
  }[]
}
