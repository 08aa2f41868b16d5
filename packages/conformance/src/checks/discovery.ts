import { checks } from '../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import { appSchema, gatewaySchema } from '../wire/shapes.ts'

export const discovery = checks({
  'discovery-published': async ({ discovery }) => {
    const answer = await discovery()
    expectStatus(answer, 200, 'GET of the discovery document')
    const type = answer.headers.get('content-type') ?? ''
    expectThat(
      /^application\/(?:[\w.+-]+\+)?json\b/.test(type),
      `The discovery document came as "${type}", expected application/json`,
    )
    return 'the document is there, as JSON'
  },
  'discovery-version': async ({ discovery }) => {
    const { json } = await discovery()
    const version = json['ath_version']
    expectThat(
      typeof version === 'string' && /^\d+\.\d+$/.test(version),
      `ath_version is ${JSON.stringify(version)}, expected MAJOR.MINOR`,
    )
    return `ath_version is ${version}`
  },
  'discovery-gateway': async ({ discovery }) => {
    const document = gatewaySchema.omit({ supported_providers: true })
    const { gateway_id } = expectShape(document, await discovery(), 'GET of the discovery document')
    const listed = (await discovery()).json['supported_providers']
    expectThat(Array.isArray(listed), 'supported_providers is no list')
    return `gateway_id is ${gateway_id}`
  },
  'discovery-providers': async ({ discovery }) => {
    const { supported_providers } = expectShape(
      gatewaySchema.pick({ supported_providers: true }),
      await discovery(),
      'GET of the discovery document',
    )
    const ids = supported_providers.map(({ provider_id }) => provider_id)
    expectThat(new Set(ids).size === ids.length, `A provider is listed twice: ${ids.join(', ')}`)
    return `${ids.length} listed: ${ids.join(', ')}`
  },
  'gateway-id': async ({ base, discovery }) => {
    const id = (await discovery()).json['gateway_id']
    expectThat(id === base, `gateway_id is ${JSON.stringify(id)}, expected ${base}`)
    return `gateway_id is ${base}`
  },
  'discovery-app': async ({ discovery }) => {
    const document = appSchema.omit({ auth: true })
    const { app_id } = expectShape(document, await discovery(), 'GET of the discovery document')
    expectThat((await discovery()).json['auth'] !== undefined, 'The document has no `auth`')
    return `app_id is ${app_id}`
  },
  'discovery-app-auth': async ({ discovery }) => {
    const document = appSchema.pick({ auth: true })
    const { auth } = expectShape(document, await discovery(), 'GET of the discovery document')
    return `scopes: ${auth.scopes_supported.join(', ')}`
  },
  'app-id-form': async ({ discovery }) => {
    const id = (await discovery()).json['app_id']
    const isPackage = typeof id === 'string' && /^[A-Za-z][\w-]*(?:\.[\w-]+)+$/.test(id)
    expectThat(
      isPackage || (typeof id === 'string' && URL.canParse(id)),
      `app_id is ${JSON.stringify(id)}, expected a package name like com.example.shop, or a URI`,
    )
    return `app_id is ${id}`
  },
  'app-aliases': async (subject) => {
    const { providerId } = await subject.target()
    const label = providerId.split('.').at(-1) ?? providerId
    for (const provider_id of new Set([providerId, label, 'default'])) {
      const answer = await subject.authorize(await subject.client(), { provider_id })
      expectStatus(answer, 200, `Authorization for provider_id ${provider_id}`)
    }
    return `${providerId}, ${label} and default are one app`
  },
  'discovery-public': async ({ send, at, mode }) => {
    const path = mode === 'native' ? '/.well-known/ath-app.json' : '/.well-known/ath.json'
    const answer = await send(at(path))
    expectStatus(answer, 200, `GET ${path} without credentials`)
    const stranger = await send(at(path), { headers: { authorization: 'Bearer of-nobody' } })
    expectStatus(stranger, 200, `GET ${path} with the token of nobody`)
    return 'whoever asks, gets it'
  },
  'registration-endpoint': async ({ discovery, send, at, base }) => {
    const { agent_registration_endpoint } = (await discovery()).json
    const published = agent_registration_endpoint
    if (typeof published !== 'string')
      throw new Unavailable('the discovery document names no registration endpoint')
    expectThat(
      URL.canParse(published) && new URL(published).origin === new URL(base).origin,
      `agent_registration_endpoint is ${published}, expected an address at ${base}`,
    )
    for (const url of [published, at('/ath/agents/register')])
      expectRefused(
        await send(url, { method: 'POST', body: {} }),
        `An empty registration at ${url}`,
        { status: [400, 401] },
      )
    return 'the published address and the usual one take registrations'
  },
  'extension-members': async (subject) => {
    const answer = await subject.authorize(await subject.client(), {
      conformance_extension: { of: ['no', 'meaning'] },
    })
    expectStatus(answer, 200, 'An authorization with a member that ATH does not name')
    return 'a member without meaning is ignored'
  },
})
