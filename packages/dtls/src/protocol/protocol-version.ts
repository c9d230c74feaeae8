/** DTLS versions count down: 0xfefd, read as a signed pair, is 1's complement of 1.2. RFC 6347 §4.1. */
export const ProtocolVersion = { dtls10: 0xfeff, dtls12: 0xfefd, dtls13: 0xfefc } as const
export type ProtocolVersion = (typeof ProtocolVersion)[keyof typeof ProtocolVersion]

/** Whether `version` names DTLS at all: the first byte is 254 in every version so far. */
export const isDtlsVersion = (version: number): boolean => version >>> 8 === 0xfe

/**
 * Whether a peer whose highest version is `version` also speaks DTLS 1.2 by the rule of RFC 5246 §E.1, though `version`
 * may be one that nobody has heard of. Versions of TLS, which count up from below, are none of ours.
 */
export const reachesDtls12 = (version: number): boolean =>
  version >= 0x8000 && version <= ProtocolVersion.dtls12
