import { type Attribute, numberAttribute, textAttribute } from './attribute.ts'

// ice-char is ALPHA, DIGIT, "+" and "/"; older agents also write "-", "_", "=" and "#", and browsers read them.

/** `a=ice-ufrag`, RFC 8839 §5.4: 4 to 256 characters. */
export const IceUfrag: Attribute<string> = textAttribute('ice-ufrag', /^[\w+/\-=#]{4,256}$/)

/** `a=ice-pwd`, RFC 8839 §5.4: 22 to 256 characters. */
export const IcePwd: Attribute<string> = textAttribute('ice-pwd', /^[\w+/\-=#]{22,256}$/)

/** `a=ice-options:trickle ice2`, RFC 8839 §5.6. */
export const IceOptions: Attribute<readonly string[]> = {
  name: 'ice-options',
  parse: (value) => value.split(' ').filter((option) => option !== ''),
  format: (value) => value.join(' '),
}

/** `a=ice-pacing:50`, RFC 8839 §5.5: milliseconds, at most ten digits. */
export const IcePacing: Attribute<number> = numberAttribute('ice-pacing', 9_999_999_999)

/**
 * `a=candidate:…`. The value is what `RTCIceCandidate.candidate` holds, `candidate:` included. It is not checked
 * here: an agent ignores the candidates it cannot read (RFC 8839 §5.1).
 */
export const Candidate: Attribute<string> = {
  name: 'candidate',
  parse: (value) => `candidate:${value}`,
  format: (value) => value.replace(/^(a=)?candidate:/, ''),
}
