import type { AdminApi } from '../admin/api.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { AuditReader } from '../ports/audit-reader.ts'
import type { LogLine } from '@ath-protocol/server/parts'

/** A gateway that answers. */
export interface RunningGateway {
  /** The public base URL. */
  readonly url: string
  readonly adminApi: AdminApi
  /** Takes no more requests, lets running ones finish within `listen.drainSeconds`, and closes everything. */
  drain(): Promise<void>
}

/** What the command line asks of the composition root, which alone picks adapters. */
export interface Composition {
  /** Rejects with an error whose `code` is `EADDRINUSE` when the port is taken. */
  openGateway(config: GatewayConfig, log: (line: LogLine) => void): Promise<RunningGateway>
  /** The admin API on the store itself, while no gateway runs. */
  openOffline(
    config: GatewayConfig,
  ): Promise<{ readonly adminApi: AdminApi; close(): Promise<void> }>
  openAuditReader(dataDir: string): Promise<AuditReader>
}
