import { DecodeError, Reader, toUtf8, Writer } from '@purertc/bytes'

/**
 * The little of a DNS message (RFC 1035 §4) that host names over multicast take: questions for addresses, and address
 * records.
 */
export interface DnsMessage {
  readonly isResponse: boolean
  readonly questions: readonly DnsQuestion[]
  /** Address records of the answer section; others are left out. */
  readonly answers: readonly DnsAddress[]
}

export interface DnsQuestion {
  /** Without the final dot, in lower case. */
  readonly name: string
  readonly type: number
  /** The QU bit, RFC 6762 §5.4: an answer to the asker alone will do. */
  readonly wantsUnicast: boolean
}

export interface DnsAddress {
  readonly name: string
  /** 4 or 16 bytes. */
  readonly address: Uint8Array
  /** Seconds; 0 takes the record back. */
  readonly ttl: number
}

export const DnsType = { a: 1, aaaa: 28, any: 255 } as const

/** Both kinds of addresses of a name, RFC 6762 §5. */
export function encodeQuery(name: string): Uint8Array {
  const writer = new Writer()
  encodeHeader(writer, 0, 2, 0)
  for (const type of [DnsType.a, DnsType.aaaa]) {
    encodeName(writer, name)
    writer.u16(type)
    writer.u16(CLASS_IN)
  }
  return writer.finish()
}

/** An authoritative answer, RFC 6762 §18, which tells hearers to forget what they knew of the name (§10.2). */
export function encodeResponse({ name, address, ttl }: DnsAddress): Uint8Array {
  const writer = new Writer()
  encodeHeader(writer, RESPONSE | AUTHORITATIVE, 0, 1)
  encodeName(writer, name)
  writer.u16(address.length === 4 ? DnsType.a : DnsType.aaaa)
  writer.u16(CLASS_IN | TOP_BIT)
  writer.u32(ttl)
  writer.u16(address.length)
  writer.bytes(address)
  return writer.finish()
}

/** Null for what is no message, or none that multicast DNS has. */
export function decodeDnsMessage(bytes: Uint8Array): DnsMessage | null {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

function decode(bytes: Uint8Array): DnsMessage {
  const reader = new Reader(bytes)
  reader.skip(2)
  const flags = reader.u16()
  const [questionCount, answerCount] = [reader.u16(), reader.u16()]
  reader.skip(4)
  // RFC 6762 §18.3, §18.11: other operations and errors are not for here.
  if ((flags & (OPCODE | RCODE)) !== 0 || questionCount + answerCount > MAX_RECORDS)
    throw new DecodeError('invalid', 'no message of multicast DNS')
  const questions: DnsQuestion[] = []
  for (let i = 0; i < questionCount; i++) {
    const name = decodeName(bytes, reader)
    const type = reader.u16()
    const classAndBit = reader.u16()
    if ((classAndBit & ~TOP_BIT) === CLASS_IN || (classAndBit & ~TOP_BIT) === CLASS_ANY)
      questions.push({ name, type, wantsUnicast: (classAndBit & TOP_BIT) !== 0 })
  }
  const answers: DnsAddress[] = []
  for (let i = 0; i < answerCount; i++) {
    const name = decodeName(bytes, reader)
    const type = reader.u16()
    const isInternet = (reader.u16() & ~TOP_BIT) === CLASS_IN
    const ttl = reader.u32()
    const address = reader.bytes(reader.u16())
    const length = type === DnsType.a ? 4 : type === DnsType.aaaa ? 16 : -1
    if (isInternet && address.length === length) answers.push({ name, address, ttl })
  }
  return { isResponse: (flags & RESPONSE) !== 0, questions, answers }
}

function encodeHeader(writer: Writer, flags: number, questions: number, answers: number): void {
  // RFC 6762 §18.1: the ID is zero.
  for (const field of [0, flags, questions, answers, 0, 0]) writer.u16(field)
}

function encodeName(writer: Writer, name: string): void {
  for (const label of name.split('.')) {
    const bytes = toUtf8(label)
    writer.u8(bytes.length)
    writer.bytes(bytes)
  }
  writer.u8(0)
}

/** RFC 1035 §4.1.4. Pointers lead back only, each further than the one before, so that they end. */
function decodeName(message: Uint8Array, reader: Reader): string {
  const labels: string[] = []
  let length = 0
  let part = reader
  let limit = message.length - reader.remaining
  for (;;) {
    const first = part.u8()
    if (first === 0) return labels.join('.')
    if (first < 0x40) {
      length += first + 1
      if (length > MAX_NAME) throw new DecodeError('invalid', 'a name of more than 255 bytes')
      labels.push(String.fromCharCode(...part.bytes(first)).toLowerCase())
    } else if (first >= 0xc0) {
      const target = ((first & 0x3f) << 8) | part.u8()
      if (target >= limit) throw new DecodeError('invalid', 'a name that points forward')
      limit = target
      part = new Reader(message, target)
    } else throw new DecodeError('invalid', 'a label of an unknown kind')
  }
}

const RESPONSE = 0x8000
const AUTHORITATIVE = 0x0400
const OPCODE = 0x7800
const RCODE = 0x000f
const CLASS_IN = 1
const CLASS_ANY = 255
/** Of the class: QU in a question (RFC 6762 §5.4), cache-flush in a record (§10.2). */
const TOP_BIT = 0x8000
const MAX_NAME = 255
/** A message of this many answers nothing that is asked here. */
const MAX_RECORDS = 64
