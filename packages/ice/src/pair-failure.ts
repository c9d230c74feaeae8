/**
 * Why a pair failed. A number is the STUN error code that the peer answered (`487`: it disputes the roles without end,
 * `403`: its application refused the nominated pair), or, after a time-out, the one that came without integrity (`401`:
 * wrong credentials).
 *
 * - `timeout`: no answer.
 * - `asymmetric-response`: the answer came from another address than the request went to (RFC 8445 §7.2.5.2.1).
 * - `malformed-response`: the answer says nothing that could be understood.
 * - `consent-expired`: the peer has not answered for 30 s (RFC 7675).
 * - `unreachable`: the connection over TCP could not be made, or broke.
 * - `interface-lost`: the socket is gone, and with it all pairs from there.
 * - `relay-lost`: the TURN server has ended the allocation.
 */
export type PairFailure =
  | 'timeout'
  | 'asymmetric-response'
  | 'malformed-response'
  | 'consent-expired'
  | 'unreachable'
  | 'interface-lost'
  | 'relay-lost'
  | `${number}`
