import { type Attribute, numberAttribute } from './attribute.ts'

/** `a=sctp-port:5000`, RFC 8841 §5. */
export const SctpPort: Attribute<number> = numberAttribute('sctp-port', 65_535)

/** `a=max-message-size:262144` in bytes, RFC 8841 §6; 0 means no limit. */
export const MaxMessageSize: Attribute<number> = numberAttribute('max-message-size', Number.MAX_SAFE_INTEGER)

/**
 * `a=sctp-init:AQAAHG…`, draft-hancke-tsvwg-snap: an SCTP INIT chunk in base64. With one in offer and answer the SCTP
 * association needs no handshake.
 */
export const SctpInit: Attribute<Uint8Array> = {
  name: 'sctp-init',
  parse: (value) =>
    value.length <= 8_192 && base64.test(value)
      ? Uint8Array.from(atob(value), (character) => character.charCodeAt(0))
      : null,
  format: (bytes) => btoa(String.fromCharCode(...bytes)),
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** What a peer that names no `max-message-size` can take, RFC 8841 §6.1. */
export const defaultMaxMessageSize = 65_536
