/** Attributes of connectivity checks, RFC 8445 §7.1 and §16.1. */
import { type AttributeCodec, flagAttribute, uint32Attribute, uint64Attribute } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'

/** RFC 8445 §7.1.1: the priority that a peer-reflexive candidate learned from this check would have. */
export const Priority: AttributeCodec<number> = uint32Attribute(AttributeType.priority, 'PRIORITY')

/** RFC 8445 §7.1.2: the controlling agent nominates the pair. */
export const UseCandidate: AttributeCodec<true> = flagAttribute(AttributeType.useCandidate, 'USE-CANDIDATE')

/**
 * Which of several nominations holds: the highest. Of draft-thatcher-ice-renomination, under the number that browsers
 * send; IANA has given it to a vendor since, whose attribute has no place in a connectivity check.
 */
export const Nomination: AttributeCodec<number> = uint32Attribute(
  AttributeType.enfFlowDescription,
  'NOMINATION',
)

/** RFC 8445 §7.1.3: the sender is controlled; the value is its tie-breaker. */
export const IceControlled: AttributeCodec<bigint> = uint64Attribute(
  AttributeType.iceControlled,
  'ICE-CONTROLLED',
)

/** RFC 8445 §7.1.3: the sender is controlling; the value is its tie-breaker. */
export const IceControlling: AttributeCodec<bigint> = uint64Attribute(
  AttributeType.iceControlling,
  'ICE-CONTROLLING',
)
