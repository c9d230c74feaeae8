import { isIpAddress } from '@purertc/stun'

import type { CandidateType, IceCandidate, TcpType } from './candidate.ts'

/**
 * Reads a candidate line, RFC 8839 §5.1, with or without the `a=` of SDP:
 *
 *     candidate:1 1 udp 2130706431 192.168.1.5 50000 typ host
 *     candidate:2 1 udp 1694498815 198.51.100.7 61000 typ srflx raddr 192.168.1.5 rport 50000 ufrag hu8K
 *
 * TCP candidates have a `tcptype`, RFC 6544 §4.5. `null` for a line that breaks the grammar, and for one that describes what this agent does not do: a second
 * component, an unknown type, a host name that is no `.local` name. Such candidates are to be ignored (RFC 8839 §5.1).
 *
 * @example
 * parseCandidate('candidate:1 1 udp 2130706431 192.168.1.5 50000 typ host')?.port // 50000
 */
export function parseCandidate(line: string): IceCandidate | null {
  const fields = fieldsOf(line)
  if (fields === null) return null
  const [foundation, component, transport, priorityText, address, portText, typ, type] = fields
  const priority = parseNumber(priorityText, 0xffff_ffff)
  const port = parseNumber(portText, 0xffff)
  if (foundation === undefined || !/^[0-9A-Za-z+/]{1,32}$/.test(foundation)) return null
  if (component !== '1' || !isTransport(transport)) return null
  if (priority === null || priority === 0 || port === null) return null
  if (address === undefined || !isAddress(address)) return null
  if (typ !== 'typ' || !isCandidateType(type)) return null
  const attributes = parseAttributes(fields.slice(8))
  if (attributes === null) return null
  const common = { foundation, component: 1, priority, address, port, type, ...attributes } as const
  if (transport.toLowerCase() === 'udp') return { transport: 'udp', ...common }
  const tcpType = attributes.extensions?.find(([name]) => name === 'tcptype')?.[1]
  return isTcpType(tcpType) ? { transport: 'tcp', tcpType, ...common } : null
}

/** The line without `a=`: `candidate:…`. What {@link parseCandidate} read comes out as it was. */
export function formatCandidate(candidate: IceCandidate): string {
  const { foundation, component, transport, priority, address, port, type } = candidate
  let line = `candidate:${foundation} ${component} ${transport} ${priority} ${address} ${port} typ ${type}`
  if (candidate.relatedAddress !== undefined) line += ` raddr ${candidate.relatedAddress}`
  if (candidate.relatedPort !== undefined) line += ` rport ${candidate.relatedPort}`
  const extensions = candidate.extensions ?? []
  if (candidate.tcpType !== undefined && !extensions.some(([name]) => name === 'tcptype'))
    line += ` tcptype ${candidate.tcpType}`
  for (const [name, value] of extensions) line += ` ${name} ${value}`
  const isTagged = extensions.some(([name]) => name === 'ufrag')
  if (candidate.usernameFragment !== undefined && !isTagged) line += ` ufrag ${candidate.usernameFragment}`
  return line
}

function fieldsOf(line: string): string[] | null {
  if (line.length > MAX_LENGTH) return null
  const attribute = line.startsWith('a=') ? line.slice(2) : line
  return attribute.startsWith(PREFIX) ? attribute.slice(PREFIX.length).trimEnd().split(' ') : null
}

type Attributes = Pick<IceCandidate, 'relatedAddress' | 'relatedPort' | 'usernameFragment' | 'extensions'>

function parseAttributes(fields: readonly string[]): Attributes | null {
  if (fields.length % 2 !== 0) return null
  const attributes: { -readonly [K in keyof Attributes]: Attributes[K] } = {}
  const extensions: [string, string][] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    // VCHAR alone: what came in must not break the line that goes out again.
    if (!/^[!-~]+$/.test(name) || !/^[!-~]*$/.test(value)) return null
    if (name === 'raddr' && i === 0) {
      if (!isAddress(value)) return null
      attributes.relatedAddress = value
    } else if (name === 'rport' && extensions.length === 0) {
      const port = parseNumber(value, 0xffff)
      if (port === null) return null
      attributes.relatedPort = port
    } else {
      if (name === 'ufrag') attributes.usernameFragment = value
      extensions.push([name, value])
    }
  }
  if (extensions.length > 0) attributes.extensions = extensions
  return attributes
}

function parseNumber(text: string | undefined, max: number): number | null {
  if (text === undefined || !/^[0-9]{1,10}$/.test(text)) return null
  const value = Number(text)
  return value <= max ? value : null
}

function isAddress(text: string): boolean {
  if (/^[0-9A-Za-z-]{1,63}\.local$/i.test(text)) return true
  return !text.includes('%') && isIpAddress(text) !== null
}

function isTransport(text: string | undefined): text is string {
  return text !== undefined && /^(?:udp|tcp)$/i.test(text)
}

function isTcpType(text: string | undefined): text is TcpType {
  return text === 'active' || text === 'passive' || text === 'so'
}

function isCandidateType(text: string | undefined): text is CandidateType {
  return text === 'host' || text === 'srflx' || text === 'prflx' || text === 'relay'
}

const PREFIX = 'candidate:'

/** A line of a browser has about 200 characters. */
const MAX_LENGTH = 2_048
