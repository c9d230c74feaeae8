/**
 * DTLS handshakes within connectivity checks, draft-hancke-webrtc-sped: its DTLS-IN-STUN-DATA and DTLS-IN-STUN-ACK, under
 * the names that IANA has given their numbers.
 */
import { DecodeError } from '@purertc/bytes'

import { type AttributeCodec, fitting, opaqueAttribute } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'

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
    for (const checksum of checksums) writer.u32(fitting(checksum, 0xffff_ffff, 'a checksum'))
  },
}
