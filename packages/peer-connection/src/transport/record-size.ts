/** Bytes of content of the largest DTLS record, RFC 6347 §4.1. */
export const LARGEST_RECORD = 16_384

/** Header, explicit nonce and tag of an AES-GCM record, rounded up so that SCTP's packets are multiples of 4. */
export const DTLS_OVERHEAD = 40

/** Bytes of the largest DTLS datagram that one record makes. */
export const LARGEST_DATAGRAM: number = LARGEST_RECORD + DTLS_OVERHEAD

/** Bytes that no UDP datagram exceeds: room for several records, where a path carries it. */
export const LARGEST_PAYLOAD = 65_535
