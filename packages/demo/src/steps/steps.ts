import type { Step } from '../run/step.ts'
import { verifyAudit } from './audit.ts'
import {
  approvalsAfterExpiry,
  changeCustomer,
  readApprovals,
  slowAndBroken,
  streamLedger,
} from './legacy-systems.ts'
import { killAndRestart, nothingLeaked, refreshUpstream, revoke } from './over-time.ts'
import {
  knownAgentWithNo,
  neverGranted,
  replayedAttestation,
  stolenToken,
  unknownAgentWithYes,
} from './refusals.ts'
import { nineStepHandshake, permissionAhead, shortPaths } from './nine-step.ts'
import { passkeyForRisk, tappedInChat } from './nine-step-confirm.ts'
import { outsideTheHours, outsideTheOffice } from './nine-step-limits.ts'
import { encryptedSession, permissionTakenBack, renewedByKey } from './nine-step-session.ts'
import { shopInNineSteps } from './shop-nine-step.ts'
import {
  allowShopping,
  buyUmbrellas,
  confirmLargeOrder,
  findTheShop,
  keptBackStays,
  leaveTheShop,
  seenByWang,
  shopByProxy,
} from './shop-visit.ts'
import type { Stage } from './stage.ts'
import { approvedInPart, consentNarrowed, discoverAndAttest } from './two-doors.ts'

/** The scripted run. Later steps use the sessions that earlier ones obtained. */
export const steps: readonly Step<Stage>[] = [
  discoverAndAttest,
  approvedInPart,
  consentNarrowed,
  readApprovals,
  changeCustomer,
  killAndRestart,
  streamLedger,
  neverGranted,
  stolenToken,
  replayedAttestation,
  unknownAgentWithYes,
  knownAgentWithNo,
  slowAndBroken,
  // After a step of two seconds: the gateway takes a log-in younger than that for alive, whatever an answer says.
  approvalsAfterExpiry,
  refreshUpstream,
  // The same company by the other handshake.
  permissionAhead,
  nineStepHandshake,
  shortPaths,
  outsideTheOffice,
  outsideTheHours,
  tappedInChat,
  passkeyForRisk,
  encryptedSession,
  renewedByKey,
  permissionTakenBack,
  revoke,
  // A service that speaks ATH itself, with no gateway in between.
  findTheShop,
  allowShopping,
  buyUmbrellas,
  confirmLargeOrder,
  shopByProxy,
  keptBackStays,
  seenByWang,
  shopInNineSteps,
  leaveTheShop,
  nothingLeaked,
  verifyAudit,
]
