import { copyBytes, DecodeError, Reader, Writer } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'

/**
 * NewConnectionId, RFC 9147 §9: | cids <0..2^16-1> of <0..2^8-1> | usage (8) |: what the sender wants to find in
 * records.
 */
export interface NewConnectionId {
  /** In the order of their use. */
  readonly ids: readonly Uint8Array[]
  readonly usage: ConnectionIdUsage
}

/** `immediate`: one of them is used for all records from now on. `spare`: when there is reason to. */
export type ConnectionIdUsage = 'immediate' | 'spare'

export function decodeNewConnectionId(body: Uint8Array): NewConnectionId {
  const reader = new Reader(body)
  const list = reader.sub(reader.u16())
  const number = reader.u8()
  reader.done()
  const ids: Uint8Array[] = []
  while (!list.isEmpty) {
    const id = copyBytes(list.bytes(list.u8()))
    if (id.length === 0) throw new DecodeError('invalid', 'an empty connection ID')
    ids.push(id)
  }
  const usage = usages[number]
  if (usage === undefined) throw new PeerMisbehaved('illegal-parameter', `usage ${number} of connection IDs`)
  if (usage === 'immediate' && ids.length === 0)
    throw new PeerMisbehaved('illegal-parameter', 'no connection ID to be used at once')
  return { ids, usage }
}

export function encodeNewConnectionId({ ids, usage }: NewConnectionId): Uint8Array {
  const writer = new Writer(64)
  const list = writer.open16()
  for (const id of ids) {
    writer.u8(id.length)
    writer.bytes(id)
  }
  writer.close16(list)
  writer.u8(usages.indexOf(usage))
  return writer.finish()
}

const usages: readonly ConnectionIdUsage[] = ['immediate', 'spare']
