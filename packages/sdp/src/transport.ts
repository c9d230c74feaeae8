import type { Attribute } from './attributes/attribute.ts'
import { Fingerprint, type FingerprintValue } from './attributes/fingerprint.ts'
import { Candidate, IceOptions, IcePwd, IceUfrag } from './attributes/ice.ts'
import { Setup, type SetupRole } from './attributes/setup.ts'
import type { MediaDescription } from './media-description.ts'
import type { Section } from './section.ts'
import type { SessionDescription } from './session-description.ts'

/** What a description says of the transport under one media section. */
export interface TransportDescription {
  readonly iceUfrag: string | undefined
  readonly icePwd: string | undefined
  readonly iceOptions: readonly string[]
  readonly iceLite: boolean
  readonly fingerprints: readonly FingerprintValue[]
  readonly setup: SetupRole | undefined
  /** `candidate:…` lines of the section and, when bundled, of the section its group is tagged by. */
  readonly candidates: readonly string[]
  readonly endOfCandidates: boolean
}

/**
 * The transport of a section, wherever its parts stand: in the section itself, in the first section of its BUNDLE
 * group (RFC 9143 §7.1.3), or at the session level (RFC 8839 §5.4, RFC 8122 §5).
 */
export function transportOf(description: SessionDescription, media: MediaDescription): TransportDescription {
  const tagged = taggedSection(description, media)
  const sections = tagged === undefined || tagged === media ? [media] : [media, tagged]
  const places: readonly Section[] = [...sections, description]
  const first = <T>(attribute: Attribute<T>): T | undefined => placeOf(places, attribute)?.get(attribute)

  const credentials = placeOf(places, IceUfrag)
  // Candidates belong to the credentials they are checked with: those of another transport are no use here.
  const carriers = sections.filter(
    (section) => section.get(IceUfrag) === undefined || section.get(IceUfrag) === credentials?.get(IceUfrag),
  )
  return {
    iceUfrag: credentials?.get(IceUfrag),
    icePwd: credentials?.get(IcePwd) ?? first(IcePwd),
    iceOptions: first(IceOptions) ?? [],
    iceLite: description.iceLite,
    fingerprints: placeOf(places, Fingerprint)?.getAll(Fingerprint) ?? [],
    setup: first(Setup),
    candidates: [...new Set(carriers.flatMap((section) => section.getAll(Candidate)))],
    endOfCandidates: [...carriers, description].some((section) => section.has('end-of-candidates')),
  }
}

function taggedSection(
  description: SessionDescription,
  media: MediaDescription,
): MediaDescription | undefined {
  const { bundle } = description
  const { mid } = media
  if (bundle === undefined || mid === undefined || !bundle.includes(mid)) return undefined
  return bundle[0] === undefined ? undefined : description.section(bundle[0])
}

function placeOf(places: readonly Section[], attribute: Attribute<unknown>): Section | undefined {
  return places.find((place) => place.has(attribute.name))
}
