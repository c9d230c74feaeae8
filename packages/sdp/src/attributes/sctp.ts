import { type Attribute, numberAttribute } from './attribute.ts'

/** `a=sctp-port:5000`, RFC 8841 §5. */
export const SctpPort: Attribute<number> = numberAttribute('sctp-port', 65_535)

/** `a=max-message-size:262144` in bytes, RFC 8841 §6; 0 means no limit. */
export const MaxMessageSize: Attribute<number> = numberAttribute('max-message-size', Number.MAX_SAFE_INTEGER)

/** What a peer that names no `max-message-size` can take, RFC 8841 §6.1. */
export const defaultMaxMessageSize = 65_536
