import { toUtf8 } from '@purertc/bytes'
import type { DataChannelOptions } from '@purertc/sctp'

import type { RTCDataChannel } from './data-channel.ts'
import { type RTCPriorityType, weightOf } from './priority.ts'

export interface RTCDataChannelInit {
  readonly ordered?: boolean
  readonly maxPacketLifeTime?: number
  readonly maxRetransmits?: number
  readonly protocol?: string
  readonly negotiated?: boolean
  readonly id?: number
  /** The channel's share where several have something to send: each step doubles it. Default `low`. */
  readonly priority?: RTCPriorityType
}

/** WebRTC §6.1, steps 5 to 19. Throws a TypeError. */
export function checkInit(label: string, init: RTCDataChannelInit): void {
  const { protocol = '', maxPacketLifeTime, maxRetransmits, negotiated = false, id } = init
  if (init.priority !== undefined) weightOf(init.priority)
  if (toUtf8(label).length > 65_535) throw new TypeError('a label has at most 65535 bytes')
  if (toUtf8(protocol).length > 65_535) throw new TypeError('a protocol has at most 65535 bytes')
  for (const [name, value] of Object.entries({ maxPacketLifeTime, maxRetransmits, id }))
    if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= 65_535))
      throw new TypeError(`${name} must be 0 to 65535`)
  if (maxPacketLifeTime !== undefined && maxRetransmits !== undefined)
    throw new TypeError('maxPacketLifeTime and maxRetransmits exclude each other')
  if (negotiated && id === undefined) throw new TypeError('a negotiated channel needs an id')
  if (negotiated && id === 65_535) throw new TypeError('the id 65535 does not exist')
}

/** What SCTP is to open for it. */
export function optionsOf(channel: RTCDataChannel): DataChannelOptions {
  const { label, protocol, ordered, negotiated, id, maxPacketLifeTime, maxRetransmits } = channel
  return {
    label,
    protocol,
    ordered,
    negotiated,
    priority: weightOf(channel.priority),
    ...(id !== null && { id }),
    ...(maxPacketLifeTime !== null && { maxPacketLifeTime }),
    ...(maxRetransmits !== null && { maxRetransmits }),
  }
}
