/**
 * DTLS handshakes within connectivity checks, draft-hancke-webrtc-sped: its DTLS-IN-STUN-DATA and DTLS-IN-STUN-ACK, under
 * the names that IANA has given their numbers.
 */
import { DecodeError } from '@purertc/bytes'

import { type AttributeCodec, opaqueAttribute } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'
import { StunError } from '../stun-error.ts'

/** One datagram of a DTLS handshake. libwebrtc sends an empty value where there is none. */
export const MetaDtlsInStun: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.metaDtlsInStun,
  'META-DTLS-IN-STUN',
)

/** The CRC-32 of datagrams that were received, oldest first; possibly none. */
export const MetaDtlsInStunAcknowledgement: AttributeCodec<readonly number[]> = {
  type: AttributeType.metaDtlsInStunAcknowledgement,
  name: 'META-DTLS-IN-STUN-ACKNOWLEDGEMENT',
  decode(value) {
    if (value.remaining % 4 !== 0) throw new DecodeError('invalid', 'checksums of four bytes')
    const checksums: number[] = []
    while (!value.isEmpty) checksums.push(value.u32())
    return checksums
  },
  encode(writer, checksums) {
    for (const checksum of checksums) {
      if (!Number.isInteger(checksum) || checksum < 0 || checksum > 0xffff_ffff)
        throw new StunError('invalid-value', `a checksum has 32 bits: ${checksum}`)
      writer.u32(checksum)
    }
  },
}
