import { createInit } from '../association/out-of-band-init.ts'
import type { SctpConfig } from '../config.ts'

/**
 * Settings of `DataChannels`. Three defaults differ from an association's: `rtoMax` is 5000, `maxRetransmits`
 * 30 and `zeroChecksum` true. Under data channels ICE tells when the path is gone and brings it back, and then nobody wants to wait a minute.
 */
export interface DataChannelsConfig extends SctpConfig {
  /** Which DTLS role this side has: the client's channels have even ids, the server's odd ones (RFC 8832 §6). */
  readonly dtlsRole: 'client' | 'server'
}

/**
 * The INIT of `DataChannels` with this configuration, for `exchangedInits` (draft-hancke-tsvwg-snap). Throws
 * {@link SctpError} `invalid-config`.
 */
export function createChannelsInit(config: SctpConfig): Uint8Array {
  return createInit(withChannelDefaults(config))
}

/** What data channels are better off with than other associations. */
export function withChannelDefaults(config: SctpConfig): SctpConfig {
  return { rtoMax: 5_000, maxRetransmits: 30, zeroChecksum: true, interleaving: true, ...config }
}
