/** Attributes that measure the path while checks run over it, RFC 7982 and RFC 6679. */
import { type AttributeCodec, fitting } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'

export interface TransmitCounterValue {
  /** How often the client has sent this request, the first time included. */
  readonly requests: number
  /** How often the server has answered it; 0 in a request. */
  readonly responses: number
}

/**
 * RFC 7982 §3.2: tells loss of requests from loss of responses.
 *
 *  |         Reserved, 0           |      Req      |     Resp      |
 */
export const TransactionTransmitCounter: AttributeCodec<TransmitCounterValue> = {
  type: AttributeType.transactionTransmitCounter,
  name: 'TRANSACTION_TRANSMIT_COUNTER',
  decode(value) {
    value.skip(2)
    return { requests: value.u8(), responses: value.u8() }
  },
  encode(writer, { requests, responses }) {
    writer.u16(0)
    writer.u8(fitting(requests, 0xff, 'TRANSACTION_TRANSMIT_COUNTER'))
    writer.u8(fitting(responses, 0xff, 'TRANSACTION_TRANSMIT_COUNTER'))
  },
}

export interface EcnCheckValue {
  /** Whether `codepoint` holds what the sender saw. */
  readonly isValid: boolean
  /** The ECN field of the IP header that the request came with, two bits. */
  readonly codepoint: number
}

/**
 * RFC 6679 §7.2.2: whether the path keeps ECN marks.
 *
 *  |                     Reserved, 0                         |ECF|V|
 */
export const EcnCheck: AttributeCodec<EcnCheckValue> = {
  type: AttributeType.ecnCheckStun,
  name: 'ECN-CHECK STUN',
  decode(value) {
    const flags = value.u32()
    return { isValid: (flags & 1) !== 0, codepoint: (flags >>> 1) & 0b11 }
  },
  encode(writer, { isValid, codepoint }) {
    writer.u32((fitting(codepoint, 0b11, 'ECN-CHECK STUN') << 1) | (isValid ? 1 : 0))
  },
}
