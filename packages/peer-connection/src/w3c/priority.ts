/** Of WebRTC Priority Control §3. */
export type RTCPriorityType = 'very-low' | 'low' | 'medium' | 'high'

/** The weight of a channel among those that have something to send, RFC 8831 §6.4. Throws a TypeError for no member. */
export function weightOf(priority: RTCPriorityType): number {
  const weight = weights.get(priority)
  if (weight === undefined) throw new TypeError(`${priority} is none of ${[...weights.keys()].join(', ')}`)
  return weight
}

/** The priority that a peer's DATA_CHANNEL_OPEN means, WebRTC Priority Control §4. */
export function priorityOf(weight: number): RTCPriorityType {
  for (const [priority, limit] of weights) if (weight <= limit) return priority
  return 'high'
}

const weights: ReadonlyMap<RTCPriorityType, number> = new Map([
  ['very-low', 128],
  ['low', 256],
  ['medium', 512],
  ['high', 1_024],
] as const)
