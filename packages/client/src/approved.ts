import type { ApprovedProvider } from '@ath-protocol/types'
import type { Place } from './place.ts'

/** What was approved for a provider; a service that speaks ATH itself approves for itself, whatever it was called (C27). */
export const entryOf = (
  { native }: Pick<Place, 'native'>,
  approved: readonly ApprovedProvider[],
  provider: string | undefined,
): ApprovedProvider | undefined =>
  native || provider === undefined
    ? approved[0]
    : approved.find(({ provider_id }) => provider_id === provider)
