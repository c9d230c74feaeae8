/** What a datagram carries, told by its first byte. */
export type Traffic = 'stun' | 'zrtp' | 'dtls' | 'turn-channel' | 'rtp' | 'unknown'

/** RFC 7983 §7, figure 3, as RFC 9443 §3 updates it. */
export function trafficOf(datagram: Uint8Array): Traffic {
  const first = datagram[0]
  if (first === undefined) return 'unknown'
  if (first <= 3) return 'stun'
  if (first >= 16 && first <= 19) return 'zrtp'
  if (first >= 20 && first <= 63) return 'dtls'
  if (first >= 64 && first <= 79) return 'turn-channel'
  if (first >= 128 && first <= 191) return 'rtp'
  return 'unknown'
}
