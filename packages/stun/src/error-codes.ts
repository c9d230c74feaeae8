/**
 * IANA "STUN Error Codes": RFC 8489 §14.8, RFC 8656 §19, RFC 8445 §7.3.1.1, RFC 6062 §6.3, RFC 8016 §3.4, with the
 * phrases that their RFCs give them.
 */
export const StatusCode = {
  tryAlternate: 300,
  badRequest: 400,
  unauthenticated: 401,
  forbidden: 403,
  mobilityForbidden: 405,
  unknownAttribute: 420,
  allocationMismatch: 437,
  staleNonce: 438,
  addressFamilyNotSupported: 440,
  wrongCredentials: 441,
  unsupportedTransportProtocol: 442,
  peerAddressFamilyMismatch: 443,
  connectionAlreadyExists: 446,
  connectionTimeoutOrFailure: 447,
  allocationQuotaReached: 486,
  roleConflict: 487,
  serverError: 500,
  insufficientCapacity: 508,
} as const
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode]

/** The registered phrase of a code, "Error" for one that is not registered. */
export function reasonOf(code: number): string {
  return REASONS.get(code) ?? 'Error'
}

const REASONS: ReadonlyMap<number, string> = new Map<number, string>([
  [StatusCode.tryAlternate, 'Try Alternate'],
  [StatusCode.badRequest, 'Bad Request'],
  [StatusCode.unauthenticated, 'Unauthenticated'],
  [StatusCode.forbidden, 'Forbidden'],
  [StatusCode.mobilityForbidden, 'Mobility Forbidden'],
  [StatusCode.unknownAttribute, 'Unknown Attribute'],
  [StatusCode.allocationMismatch, 'Allocation Mismatch'],
  [StatusCode.staleNonce, 'Stale Nonce'],
  [StatusCode.addressFamilyNotSupported, 'Address Family not Supported'],
  [StatusCode.wrongCredentials, 'Wrong Credentials'],
  [StatusCode.unsupportedTransportProtocol, 'Unsupported Transport Protocol'],
  [StatusCode.peerAddressFamilyMismatch, 'Peer Address Family Mismatch'],
  [StatusCode.connectionAlreadyExists, 'Connection Already Exists'],
  [StatusCode.connectionTimeoutOrFailure, 'Connection Timeout or Failure'],
  [StatusCode.allocationQuotaReached, 'Allocation Quota Reached'],
  [StatusCode.roleConflict, 'Role Conflict'],
  [StatusCode.serverError, 'Server Error'],
  [StatusCode.insufficientCapacity, 'Insufficient Capacity'],
])
