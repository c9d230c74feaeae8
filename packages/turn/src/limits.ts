/** Seconds that an allocation lives where the client asks for less or for nothing, RFC 8656 §7.2. */
export const DEFAULT_LIFETIME = 600

/** Seconds that a client gets at most, RFC 8656 §7.2. */
export const MAX_LIFETIME = 3600

/** A permission lives five minutes from its last CreatePermission or ChannelBind, RFC 8656 §9. In milliseconds. */
export const PERMISSION_LIFETIME = 300_000

/** A channel binding lives ten minutes from its last ChannelBind, RFC 8656 §12. In milliseconds. */
export const CHANNEL_LIFETIME = 600_000

/**
 * Bytes of application data that any form of relaying can carry: a UDP datagram over IPv4 has 65,507, of which an
 * indication for an IPv6 peer takes 52.
 */
export const MAX_DATA = 65_455
