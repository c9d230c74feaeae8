import type { Attribute } from './attribute.ts'

/** Who opens the DTLS association, RFC 4145 §4 with RFC 8842 §5.3, which forbids the fourth value, `holdconn`. */
export type SetupRole = 'actpass' | 'active' | 'passive'

/** `a=setup:actpass` */
export const Setup: Attribute<SetupRole> = {
  name: 'setup',
  parse: (value) => (value === 'actpass' || value === 'active' || value === 'passive' ? value : null),
  format: (value) => value,
}

/**
 * The role to answer with. To `actpass` it is `preferred`, by default `active`, which saves a round trip (RFC 8842
 * §5.3). An offer without the attribute means `active` (RFC 4145 §4).
 */
export function answerSetup(
  offered: SetupRole | undefined,
  preferred: 'active' | 'passive' = 'active',
): 'active' | 'passive' {
  if (offered === 'actpass') return preferred
  return offered === 'passive' ? 'active' : 'passive'
}
