import {
  type AthConfig,
  type ConsentRequest,
  missingStrength,
  type Registration,
  requestReference,
  type Risk,
} from '@ath-protocol/server'
import {
  type ConsentId,
  type ProviderScope,
  qualifiedScope,
  type Restrictions,
} from '@ath-protocol/types'
import {
  type Language,
  limitTexts,
  type Person,
  personName,
  plainLine,
  sayLasting,
  sayTimeLeft,
  splitText,
} from '@ath-protocol/server/parts'
import { type ChannelWords, channelWords } from './words.ts'

/**
 * A question as every channel shows it: one template, in plain text. A renderer escapes for its vendor's markup and
 * adds nothing. What comes from the agent is one line, bounded, and no link.
 */
export interface QuestionCard {
  readonly language: Language
  readonly consentId: ConsentId
  readonly risk: Risk
  readonly title: string
  /** Who asks, of whom, until when. */
  readonly facts: readonly Fact[]
  readonly words?: Fact
  readonly may: { readonly label: string; readonly lines: readonly string[] }
  readonly limits: { readonly label: string; readonly lines: readonly string[] }
  readonly reference: Fact
  /** What to do, and what happens without an answer. */
  readonly hint: string
  readonly link: string
  /** Approve and Deny here, or only the link: what a chat cannot decide or cannot show whole has none. */
  readonly hasButtons: boolean
  readonly labels: { readonly approve: string; readonly deny: string; readonly review: string }
  /** The same for programs. */
  readonly data: QuestionData
}

export interface Fact {
  readonly label: string
  readonly value: string
}

/** The question for a program that shows it in its own way. */
export interface QuestionData {
  readonly agent: {
    readonly id: string
    readonly name: string
    readonly developer: string
    readonly did?: string
  }
  readonly person: { readonly id: string; readonly name: string; readonly email?: string }
  readonly words?: string
  readonly scopes: readonly {
    readonly name: string
    readonly description?: string
    readonly risk: Risk
  }[]
  readonly restrictions: readonly Restrictions[]
  readonly longestSeconds: number
  readonly expiresAt: number
}

/** What became of a question. */
export interface OutcomeCard {
  readonly language: Language
  readonly outcome: 'approved' | 'denied' | 'expired'
  readonly title: string
  readonly reference: Fact
  /** Where an approval is taken back. */
  readonly takeBack?: Fact
}

export interface Asked {
  readonly config: AthConfig
  readonly consent: ConsentRequest
  /** Undefined when the registration is gone meanwhile. */
  readonly agent: Pick<Registration, 'name' | 'developer'> | undefined
  readonly person: Person
  readonly language: Language
  readonly now: number
  readonly channel: { readonly name: string; readonly hasButtons: boolean }
}

const longestName = 60
const longestWords = 280
/** More than that nobody reads on a phone; and nobody shall approve with one tap what is not shown. */
const mostScopes = 10

export function questionCard(asked: Asked): QuestionCard {
  const { config, consent, language, channel } = asked
  const words = channelWords[language]
  const agent = agentName(asked)
  const scopes = offeredScopes(config, consent.offered)
  const shown = scopes.slice(0, mostScopes)
  const hasButtons =
    channel.hasButtons &&
    shown.length === scopes.length &&
    missingStrength(config, consent, `chat:${channel.name}`) === undefined
  const said = shorten(consent.words ?? '', longestWords)
  return {
    language,
    consentId: consent.id,
    risk: consent.risk,
    title: words.title(agent),
    facts: whoAndWhen(asked, words, agent),
    ...(said === '' ? {} : { words: { label: words.words, value: said } }),
    may: {
      label: words.may,
      lines: [
        ...shown.map(({ name, description }) =>
          description === undefined ? name : `${description} (${name})`,
        ),
        ...(shown.length < scopes.length ? [words.more(scopes.length - shown.length)] : []),
      ],
    },
    limits: {
      label: words.limits,
      lines: [
        words.lasts(sayLasting(language, consent.longestSeconds)),
        ...limitTexts(language, consent.restrictions).map((text) => shorten(text, 200)),
      ],
    },
    reference: { label: words.reference, value: requestReference(consent.id) },
    hint: hasButtons ? words.unexpected : `${words.onlyThere[consent.risk]} ${words.unexpected}`,
    link: `${config.baseUrl}/ath/confirm/${consent.id}`,
    hasButtons,
    labels: { approve: words.approve, deny: words.deny, review: words.review },
    data: questionData(asked, agent, said, scopes),
  }
}

export function outcomeCard(
  asked: Pick<Asked, 'config' | 'consent' | 'agent' | 'language'>,
): OutcomeCard {
  const { config, consent, language } = asked
  const words = channelWords[language]
  const outcome = !consent.decision ? 'expired' : consent.decision.approved ? 'approved' : 'denied'
  return {
    language,
    outcome,
    title: words[outcome](agentName(asked)),
    reference: { label: words.reference, value: requestReference(consent.id) },
    ...(outcome === 'approved'
      ? { takeBack: { label: words.takeBack, value: `${config.baseUrl}/me` } }
      : {}),
  }
}

function agentName({ agent, consent }: Pick<Asked, 'agent' | 'consent'>): string {
  return shorten(agent?.name ?? agentHost(consent.agentId), longestName)
}

/** In the form that cannot be mistaken: an international host as ASCII, as the URL parser leaves it. */
const agentHost = (agentId: string) =>
  /^https?:/.test(agentId) && URL.canParse(agentId) ? new URL(agentId).host : agentId

function whoAndWhen(asked: Asked, words: ChannelWords, agent: string): readonly Fact[] {
  const { consent, person, language, now } = asked
  const developer = asked.agent?.developer
  const until = new Intl.DateTimeFormat(language, {
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(new Date(consent.expiresAt * 1000))
  const left = sayTimeLeft(language, consent.expiresAt - now)
  const itself = isNamedHere(asked) ? words.namedHere : words.saysItself
  return [
    { label: words.asks, value: `${agent} (${itself})` },
    {
      label: words.address,
      value: shorten(consent.clientDid ?? agentHost(consent.agentId), 120),
    },
    ...(developer
      ? [
          {
            label: words.developer,
            value: `${shorten(developer.name, longestName)} (${itself})`,
          },
        ]
      : []),
    { label: words.askedOf, value: shorten(personName(person), 120) },
    { label: words.risk, value: words.risks[consent.risk] },
    { label: words.until, value: `${until} UTC (${left})` },
  ]
}

/** The operator bound the agent's DID to its key, and gave it its name. */
const isNamedHere = ({ config, consent }: Pick<Asked, 'config' | 'consent'>): boolean =>
  config.nineStep?.pinnedDids.some(({ did }) => did === consent.clientDid) === true

/** One line of somebody else's text. A chat would make a link of an address in it, and the agent's words are no place for links. */
function shorten(text: string, longest: number): string {
  const { head, rest } = splitText(plainLine(text).replace(/:\/\//g, ': //'), longest)
  return rest === '' ? head : `${head}…`
}

const byRisk: Readonly<Record<Risk, number>> = { low: 0, medium: 1, high: 2 }

/** The riskiest last, where the eye rests before the buttons. */
function offeredScopes(
  config: AthConfig,
  offered: readonly ProviderScope[],
): QuestionData['scopes'] {
  return offered
    .map((scope) => {
      const known = config.providers
        .get(scope.providerId)
        ?.scopes.find(({ name }) => name === scope.name)
      return {
        name: qualifiedScope(scope),
        ...(known?.description === undefined ? {} : { description: known.description }),
        risk: known?.risk ?? ('medium' as const),
      }
    })
    .sort((one, other) => byRisk[one.risk] - byRisk[other.risk])
}

function questionData(
  { consent, agent, person }: Asked,
  name: string,
  words: string,
  scopes: QuestionData['scopes'],
): QuestionData {
  return {
    agent: {
      id: consent.agentId,
      name,
      developer: shorten(agent?.developer.name ?? '', longestName),
      ...(consent.clientDid === undefined ? {} : { did: consent.clientDid }),
    },
    person: {
      id: person.id,
      name: shorten(personName(person), 120),
      ...(person.email === undefined ? {} : { email: person.email }),
    },
    ...(words === '' ? {} : { words }),
    scopes,
    restrictions: consent.restrictions,
    longestSeconds: consent.longestSeconds,
    expiresAt: consent.expiresAt,
  }
}
