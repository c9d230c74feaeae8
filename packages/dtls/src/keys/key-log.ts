import { toHex } from '@purertc/bytes'

/**
 * Takes the secrets of a handshake line by line in the format of NSS (RFC 9850), without a line break, so that
 * Wireshark can read what was recorded. Whoever has the lines can read everything: for debugging alone.
 */
export type KeyLog = (line: string) => void

/** RFC 9850 §2: the client's random tells whose secret it is. */
export const keyLogLine = (label: KeyLogLabel, clientRandom: Uint8Array, secret: Uint8Array): string =>
  `${label} ${toHex(clientRandom)} ${toHex(secret)}`

/** `CLIENT_RANDOM` is of 1.2, the others of 1.3. */
export type KeyLogLabel =
  | 'CLIENT_RANDOM'
  | 'CLIENT_HANDSHAKE_TRAFFIC_SECRET'
  | 'SERVER_HANDSHAKE_TRAFFIC_SECRET'
  | 'CLIENT_TRAFFIC_SECRET_0'
  | 'SERVER_TRAFFIC_SECRET_0'
  | 'EXPORTER_SECRET'
