/** Attributes of NAT behaviour discovery, RFC 5780 §7. */
import { type AttributeCodec, fitting, opaqueAttribute } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'

/** What the answer's source address shall differ in. */
export interface ChangeRequestValue {
  readonly ip: boolean
  readonly port: boolean
}

/** RFC 5780 §7.2. */
export const ChangeRequest: AttributeCodec<ChangeRequestValue> = {
  type: AttributeType.changeRequest,
  name: 'CHANGE-REQUEST',
  decode(value) {
    const flags = value.u32()
    return { ip: (flags & 0x4) !== 0, port: (flags & 0x2) !== 0 }
  },
  encode(writer, { ip, port }) {
    writer.u32((ip ? 0x4 : 0) | (port ? 0x2 : 0))
  },
}

/** RFC 5780 §7.5: the port that the answer shall be sent to. Some writers leave the two reserved bytes out. */
export const ResponsePort: AttributeCodec<number> = {
  type: AttributeType.responsePort,
  name: 'RESPONSE-PORT',
  decode(value) {
    const port = value.u16()
    value.skip(Math.min(value.remaining, 2))
    return port
  },
  encode(writer, port) {
    writer.u16(fitting(port, 0xffff, 'RESPONSE-PORT'))
    writer.u16(0)
  },
}

/** RFC 5780 §7.6: bytes that make a message large. */
export const Padding: AttributeCodec<Uint8Array> = opaqueAttribute(AttributeType.padding, 'PADDING')
